"use strict";

// Shows the description of the API. It builds elements from data and never reads text as HTML.

const make = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};

const resolve = (api, schema) => {
  const name = schema && schema.$ref && schema.$ref.split("/").pop();
  return name ? api.components.schemas[name] : schema;
};

// An example of a schema, or its type where none can be told.
const example = (api, given, depth = 0) => {
  const schema = resolve(api, given);
  if (!schema || depth > 6) return null;
  if (schema.example !== undefined) return schema.example;
  if (schema.enum) return schema.enum[0];
  const either = schema.oneOf || schema.anyOf;
  if (either) return example(api, either.find((one) => one.type !== "null") || either[0], depth + 1);
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((one) => example(api, one, depth + 1)));
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== "null") : schema.type;
  if (type === "object" || schema.properties) {
    const entries = Object.entries(schema.properties || {});
    return Object.fromEntries(entries.map(([key, value]) => [key, example(api, value, depth + 1)]));
  }
  if (type === "array") return [example(api, schema.items, depth + 1)];
  return type || null;
};

const table = (heads, rows) =>
  make("table", {},
    make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((cell) => make("td", {}, cell || ""))))));

const content = (api, content) =>
  Object.entries(content || {}).map(([kind, media]) =>
    make("pre", { tabindex: "0", "aria-label": kind }, JSON.stringify(example(api, media.schema), null, 2)));

const operation = (api, path, method, about) => {
  const section = make("section", { id: about.operationId || method + path });
  section.append(make("h2", {}, make("span", { class: "method " + method.toUpperCase() }, method.toUpperCase()), path));
  section.append(make("p", {}, about.summary || about.description || ""));
  if (about["x-permission"]) section.append(make("p", {}, "Needs ", make("code", {}, about["x-permission"])));
  if ((about.parameters || []).length > 0) {
    section.append(make("h3", {}, "Parameters"));
    const rows = about.parameters.map((one) => [one.name, one.in, one.required ? "needed" : "", one.description]);
    section.append(table(["Name", "In", "", "Meaning"], rows));
  }
  if (about.requestBody) section.append(make("h3", {}, "Body"), ...content(api, about.requestBody.content));
  section.append(make("h3", {}, "Answers"));
  const answers = Object.entries(about.responses);
  section.append(table(["Status", "Meaning"], answers.map(([status, one]) => [status, one.description])));
  for (const [status, one] of answers) if (status.startsWith("2")) section.append(...content(api, one.content));
  return section;
};

const show = (api) => {
  document.getElementById("about").append(...api.info.description.split("\n\n").map((text) => make("p", {}, text.replaceAll("**", "").replaceAll("`", ""))));
  const list = document.getElementById("list");
  const all = document.getElementById("operations");
  all.replaceChildren();
  const byTag = new Map();
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, about] of Object.entries(methods)) {
      const tag = (about.tags || ["other"])[0];
      if (!byTag.has(tag)) byTag.set(tag, []);
      byTag.get(tag).push([path, method, about]);
    }
  }
  for (const [tag, operations] of byTag) {
    list.append(make("strong", {}, tag));
    for (const [path, method, about] of operations) {
      list.append(make("a", { href: "#" + (about.operationId || method + path) }, method.toUpperCase() + " " + path.replace("/api/v1", "")));
      all.append(operation(api, path, method, about));
    }
  }
};

fetch("/api/openapi.json")
  .then((answer) => answer.json())
  .then(show)
  .catch((error) => { document.getElementById("operations").textContent = "The description could not be loaded: " + error.message; });
