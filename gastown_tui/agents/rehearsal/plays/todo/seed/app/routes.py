"""Every route of the application, in the order in which they are tried."""

from app import handlers, pages

ROUTES = (
    *handlers.ROUTES,
    *pages.ROUTES,
)
