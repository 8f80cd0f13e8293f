/** The report's public face. */
export { curvesSvg } from "./curves-svg.ts";
export { reportHtml } from "./report-html.ts";
export { latestMetrics } from "./series.ts";
