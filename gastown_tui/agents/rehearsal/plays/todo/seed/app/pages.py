"""The HTML pages: one layout, and the list that a script fills from the API."""

import sqlite3
from html import escape

from app.web import Request, Response, Route, html_response

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 3rem auto; padding: 0 1rem }
input { font: inherit; padding: .4rem; width: 100%; box-sizing: border-box; margin-bottom: .5rem }
button { font: inherit; padding: .4rem 1rem }
li.done { text-decoration: line-through; opacity: .6 }
"""

HOME = """
<form id="new"><input name="title" placeholder="What is to be done?" required maxlength="500"></form>
<ul id="todos"></ul>
<script>
const list = document.querySelector("#todos");
const form = document.querySelector("#new");

async function api(method, path, value) {
  const headers = {"Content-Type": "application/json"};
  return fetch(path, {method, headers, body: value && JSON.stringify(value)});
}

async function show() {
  const answer = await api("GET", "/todos");
  list.replaceChildren(...(await answer.json()).map(row));
}

function row(todo) {
  const item = document.createElement("li");
  item.textContent = todo.title;
  item.className = todo.done ? "done" : "";
  item.onclick = () => api("PUT", `/todos/${todo.id}`, {done: !todo.done}).then(show);
  return item;
}

form.onsubmit = async (event) => {
  event.preventDefault();
  await api("POST", "/todos", {title: form.title.value});
  form.reset();
  show();
};
show();
</script>
"""


def layout(title: str, body: str) -> str:
    """A whole page; the title is plain text, the body is HTML."""
    return (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head>\n<body>\n<h1>{escape(title)}</h1>\n{body}</body>\n</html>\n"
    )


def home(db: sqlite3.Connection, request: Request) -> Response:
    """GET /"""
    return html_response(layout("To do", HOME))


ROUTES = (
    Route("GET", "/", home),
)
