"""The inbox, what people want to be told and how, and what was sent."""
