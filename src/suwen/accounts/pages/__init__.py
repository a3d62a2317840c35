"""Pages of accounts: getting in, one's own account, the family, and the people for the administration."""

from suwen.accounts.pages import account, entry, family, people

ROUTES = [*entry.ROUTES, *account.ROUTES, *family.ROUTES, *people.ROUTES]
