"use strict";

const METHODS = ["get", "post", "delete"];

function make(name, content, attributes = {}) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...(Array.isArray(content) ? content : [content]));
  return made;
}

// Descriptions use two things of Markdown: `code` and a line that ends in two blanks.
function prose(text) {
  const parts = text.split(/(`[^`]*`| {2}\n)/).filter(Boolean);
  return make("p", parts.map((part) => {
    if (part.startsWith("`")) return make("code", part.slice(1, -1));
    return part === "  \n" ? document.createElement("br") : part;
  }));
}

function table(head, rows) {
  const body = rows.map((row) => make("tr", row.map((cell, i) => make("td", cell, i ? {} : { class: "name" }))));
  return make("div", make("table", [make("thead", make("tr", head.map((cell) => make("th", cell, { scope: "col" })))), make("tbody", body)]), { class: "scroll" });
}

function typeOf(schema) {
  if (!schema) return "";
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    return make("a", name, { href: `#schema-${name}` });
  }
  const several = schema.oneOf || schema.anyOf;
  if (several) return make("span", several.flatMap((one, i) => (i ? [" or ", typeOf(one)] : [typeOf(one)])));
  if (schema.type === "array") return make("span", ["array of ", typeOf(schema.items)]);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(", ");
  return schema.type || "anything";
}

function limits(schema) {
  const shown = { minimum: "at least", maximum: "at most", minLength: "characters, at least", maxLength: "characters, at most", maxItems: "items, at most" };
  return Object.entries(shown).filter(([key]) => schema[key] !== undefined).map(([key, words]) => `${words} ${schema[key]}`).join("; ");
}

function fields(schema) {
  const rows = Object.entries(schema.properties || {}).map(([name, field]) => {
    const needed = (schema.required || []).includes(name) ? " (required)" : "";
    const notes = [field.description || "", limits(field)].filter(Boolean).join(". ");
    return [make("span", [make("code", name), needed]), typeOf(field), prose(notes)];
  });
  return rows.length ? table(["Field", "Type", "Notes"], rows) : make("p", typeOf(schema));
}

function operation(path, method, spec) {
  const parts = [];
  if (spec.description) parts.push(prose(spec.description));
  const keys = (spec.security || []).map((one) => Object.keys(one)[0] || "nothing");
  parts.push(prose(keys.length ? `Key: ${keys.map((key) => `\`${key}\``).join(" or ")}` : "Key: none"));
  if (spec.parameters) {
    parts.push(make("h3", "Parameters"), table(["Name", "In", "Notes"], spec.parameters.map((one) => [make("code", one.name), one.in, prose(one.description || "")])));
  }
  const body = spec.requestBody && spec.requestBody.content["application/json"];
  if (body) {
    parts.push(make("h3", "Body"), make("p", ["application/json: ", typeOf(body.schema)]));
    for (const [name, example] of Object.entries(body.examples || {})) {
      const text = JSON.stringify(example.value, null, 2);
      parts.push(make("details", [make("summary", `Example: ${name}`), make("pre", make("code", text))]));
    }
  }
  const answers = Object.entries(spec.responses).map(([status, answer]) => {
    const schemas = Object.values(answer.content || {}).map((content) => typeOf(content.schema));
    return [make("code", status), make("span", schemas), prose(answer.description)];
  });
  parts.push(make("h3", "Answers"), table(["Status", "Body", "Meaning"], answers));
  const head = make("summary", [make("span", method.toUpperCase(), { class: `method ${method}` }), make("code", path), make("span", spec.summary, { class: "soft" })]);
  return make("details", [head, ...parts], { class: "operation", id: spec.operationId });
}

function openNamed() {
  const named = location.hash && document.getElementById(location.hash.slice(1));
  if (named && named.tagName === "DETAILS") {
    named.open = true;
    named.scrollIntoView();
  }
}

async function draw() {
  const spec = await (await fetch("/api/v1/openapi.json")).json();
  document.getElementById("title").textContent = `${spec.info.title} API ${spec.info.version}`;
  document.getElementById("about").replaceWith(prose(spec.info.description));
  const operations = Object.entries(spec.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => operation(path, method, item[method])));
  operations[0].open = true;
  document.getElementById("operations").replaceChildren(...operations);
  document.getElementById("operations").removeAttribute("aria-busy");
  const schemas = Object.entries(spec.components.schemas).map(([name, schema]) =>
    make("details", [make("summary", name), ...(schema.description ? [prose(schema.description)] : []), fields(schema)], { class: "schema", id: `schema-${name}` }));
  document.getElementById("schemas").replaceChildren(...schemas);
  addEventListener("hashchange", openNamed);
  openNamed();
}

draw();
