"use strict";
// The page can be read without this: it filters, and shows which line belongs to which step.

const form = document.querySelector("form.filter");
const findings = [...document.querySelectorAll(".finding")];
const files = [...document.querySelectorAll("section.file")];
const texts = new Map();

function text(finding) {
  if (!texts.has(finding)) {
    const path = finding.parentElement.querySelector("h2").textContent;
    texts.set(finding, `${path} ${finding.textContent}`.toLowerCase());
  }
  return texts.get(finding);
}

function filter() {
  const chosen = new FormData(form);
  const words = chosen.get("text").toLowerCase().split(/\s+/).filter(Boolean);
  const levels = chosen.getAll("confidence");
  const sights = chosen.getAll("sight");
  const rule = chosen.get("rule");
  let shown = 0;
  for (const finding of findings) {
    const { code, confidence, sight } = finding.dataset;
    const fits =
      (!rule || rule === code) &&
      levels.includes(confidence) &&
      (!sight || sights.includes(sight)) &&
      words.every((word) => text(finding).includes(word));
    finding.hidden = !fits;
    shown += fits;
  }
  for (const file of files) {
    file.hidden = !file.querySelector(".finding:not([hidden])");
    document.querySelector(`nav a[href="#${file.id}"]`).parentElement.hidden = file.hidden;
  }
  form.querySelector("output").textContent = `${shown} of ${findings.length} shown`;
  document.querySelector(".none").hidden = shown > 0 || findings.length === 0;
}

function point(event) {
  const link = event.target.closest?.("[data-step]");
  for (const lit of document.querySelectorAll(".lit")) lit.classList.remove("lit");
  if (!link || event.type === "focusout") return;
  for (const place of link.closest(".finding").querySelectorAll("[data-steps]")) {
    place.classList.toggle("lit", place.dataset.steps.split(" ").includes(link.dataset.step));
  }
}

for (const kind of ["pointerover", "focusin", "focusout"]) document.addEventListener(kind, point);
form.addEventListener("input", filter);
form.addEventListener("reset", () => setTimeout(filter));
form.addEventListener("submit", (event) => event.preventDefault());
if (matchMedia("(max-width: 60rem)").matches) document.querySelector("nav details").open = false;
form.hidden = findings.length === 0;
filter(); // a browser that comes back to the page fills the form in again
