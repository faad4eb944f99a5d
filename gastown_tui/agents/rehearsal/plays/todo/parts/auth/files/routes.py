"""Every route of the application, in the order in which they are tried."""

from app import auth, forms, handlers, pages

ROUTES = (
    *handlers.ROUTES,
    *pages.ROUTES,
    *forms.ROUTES,
    *auth.ROUTES,
)
