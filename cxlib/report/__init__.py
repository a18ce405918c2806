"""From notebooks to a published report: executed, rendered, stamped, built aside and moved in."""
