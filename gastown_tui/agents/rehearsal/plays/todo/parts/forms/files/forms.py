"""The pages on which somebody registers or signs in: a script asks the API and keeps the token it answers with."""

import sqlite3

from app.pages import layout
from app.web import Request, Response, Route, html_response

FORM = """
<form id="credentials" method="post" action="{action}">
  <input name="email" type="email" placeholder="E-mail" required autocomplete="email">
  <input name="password" type="password" placeholder="Password" required autocomplete="{autocomplete}">
  <button>{button}</button>
  <p id="problem" role="alert"></p>
</form>
<p>{other}</p>
"""

SCRIPT = """
<script>
const form = document.querySelector("#credentials");
form.onsubmit = async (event) => {
  event.preventDefault();
  const answer = await fetch(form.action, {
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify({email: form.email.value, password: form.password.value}),
  });
  const said = await answer.json();
  if (!answer.ok) {
    document.querySelector("#problem").textContent = said.error;
    return;
  }
  localStorage.setItem("token", said.token);
  location = "/";
};
</script>
"""


def register_form(db: sqlite3.Connection, request: Request) -> Response:
    """GET /register"""
    other = 'Registered already? <a href="/login">Sign in</a>'
    form = FORM.format(action="/register", autocomplete="new-password", button="Register", other=other)
    return html_response(layout("Register", form + SCRIPT))


def login_form(db: sqlite3.Connection, request: Request) -> Response:
    """GET /login"""
    other = 'Nobody knows you yet? <a href="/register">Register</a>'
    form = FORM.format(action="/login", autocomplete="current-password", button="Sign in", other=other)
    return html_response(layout("Sign in", form + SCRIPT))


ROUTES = (
    Route("GET", "/register", register_form),
    Route("GET", "/login", login_form),
)
