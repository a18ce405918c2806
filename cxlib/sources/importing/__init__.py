"""What every import does: stage, divide, set aside, count, add to what is there."""
