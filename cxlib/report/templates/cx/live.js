"use strict";
// Makes the pictures of a page live: each figure carries its specification beside its picture.
(async () => {
  const isSingle = spec => typeof spec.width === "number" && ("mark" in spec || "layer" in spec);

  const wrap = (text, letters) => {
    const lines = [""];
    for (const word of [].concat(text ?? []).join(" ").split(" ")) {
      const last = lines.length - 1;
      if (lines[last] && (lines[last] + " " + word).length > letters) lines.push(word);
      else lines[last] = lines[last] ? lines[last] + " " + word : word;
    }
    return lines;
  };

  // Names end where the values at their right begin; small type gets smaller still.
  const yielding = (spec, width) => {
    const texts = (spec.layer ?? []).filter(({ mark, encoding }) => mark?.type === "text" && encoding?.x?.value === "width");
    const longest = Math.max(0, ...texts.flatMap(({ data }) => data.values.map(({ text }) => String(text).length)));
    const fit = mark => ({
      ...mark, ...mark.limit && { limit: width - 48 - 6.8 * longest }, ...mark.fontSize && { fontSize: 0.75 * mark.fontSize },
    });
    return spec.layer ? { layer: spec.layer.map(part => ({ ...part, mark: fit(part.mark) })) } : {};
  };

  // On a narrow screen a picture scaled down cannot be read: lay the chart out anew, its title in several lines.
  const fitted = (spec, width) => {
    if (!isSingle(spec) || spec.width <= width - 40) return spec;
    const { text, subtitle, ...style } = spec.title?.text ? spec.title : { text: spec.title };
    const sizes = { fontSize: 13, subtitleFontSize: 12, ...spec.config?.title };
    const title = {
      ...style, text: wrap(text, (width - 16) / (0.56 * sizes.fontSize)),
      subtitle: wrap(subtitle, (width - 16) / (0.5 * sizes.subtitleFontSize)),
    };
    return { ...spec, ...yielding(spec, width), title, width: "container", autosize: { type: "fit-x", contains: "padding" } };
  };

  for (const figure of document.querySelectorAll("figure.chart")) {
    const source = figure.querySelector("script[type='application/json']");
    if (!source) continue;
    const picture = figure.querySelector(".picture");
    const stage = document.createElement("div");
    stage.className = "stage";
    figure.append(stage);
    try {
      const spec = fitted(JSON.parse(source.textContent), figure.clientWidth);
      const result = await vegaEmbed(stage, spec, {
        mode: "vega-lite", ast: true, actions: false, renderer: "svg", defaultStyle: false,
        tooltip: { disableDefaultStyle: true }, logLevel: 0,
      });
      figure.view = result.view;
      picture.remove();
      figure.classList.add("live");
    } catch (error) {
      stage.remove();
      console.error(error);
    }
  }
  document.documentElement.classList.add("ready");
})();
