"""One folder for each way of reaching people besides the inbox."""
