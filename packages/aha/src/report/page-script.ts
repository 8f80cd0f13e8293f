/** The page's script: values under the pointer, and the filter over transcripts. No network, no library. */
export const pageScript = `
const tip = document.getElementById("tip");
const write = (value, format) => {
  if (format === "percent") return (value * 100).toFixed(1) + "%";
  const text = Math.abs(value) < 1e-3 && value !== 0 ? value.toExponential(1) : String(Number(value.toPrecision(4)));
  return format === "seconds" ? text + " s" : text;
};
for (const group of document.querySelectorAll("g.hover")) {
  const chart = JSON.parse(group.dataset.chart);
  const [cursor, area] = [group.querySelector(".cursor"), group.querySelector(".catch")];
  const hide = () => { tip.style.visibility = "hidden"; cursor.style.visibility = "hidden"; };
  area.addEventListener("pointerleave", hide);
  area.addEventListener("pointermove", (event) => {
    const bounds = area.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - bounds.left) / bounds.width));
    const wanted = chart.first + share * (chart.last - chart.first);
    const rows = chart.curves.map((curve) => {
      const near = curve.points.reduce((a, b) => (Math.abs(b[0] - wanted) < Math.abs(a[0] - wanted) ? b : a));
      return { curve, near };
    });
    const step = rows.map(({ near }) => near[0]).reduce((a, b) => (Math.abs(b - wanted) < Math.abs(a - wanted) ? b : a));
    const x = chart.left + ((step - chart.first) / (chart.last - chart.first)) * (chart.right - chart.left);
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
    cursor.style.visibility = "visible";
    tip.replaceChildren();
    const head = document.createElement("div");
    head.textContent = "step " + step;
    head.className = "soft";
    tip.append(head);
    for (const { curve, near } of rows) {
      const row = document.createElement("div");
      const swatch = document.createElement("i");
      swatch.className = "swatch t" + curve.tone;
      const value = document.createElement("b");
      value.textContent = write(near[1], chart.format);
      row.append(swatch, " " + curve.label + " ", value);
      tip.append(row);
    }
    tip.style.visibility = "visible";
    const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 10);
    const top = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 10);
    tip.style.transform = "translate(" + Math.max(4, left) + "px," + Math.max(4, top) + "px)";
    tip.style.left = tip.style.top = "0";
  });
}
const buttons = [...document.querySelectorAll(".filters button")];
for (const button of buttons) {
  button.addEventListener("click", () => {
    for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    const kind = button.dataset.kind;
    for (const pair of document.querySelectorAll(".pair")) {
      pair.hidden = kind !== "all" && !pair.classList.contains(kind);
    }
  });
}
`;
