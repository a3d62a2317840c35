"""What patients say of a visit, and what doctors answer."""
