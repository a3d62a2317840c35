"""What pages across packages show. Everything here is read through the packages below."""
