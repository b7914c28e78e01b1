/**
 * The ratios of a report as an SVG file: a bar a case, a thin line over it from the least to the greatest
 * ratio of any round, a tick where the target stands, and one line at 1, the kernel. Drawn for light and
 * dark pages alike, and readable without colours: a case below its target also says so in words.
 */
import { type CaseReport, isReached, type Report } from "./report.ts";
import { quantity } from "./table.ts";

const WIDTH = 960;
const MARGIN = 24;
const LABEL_WIDTH = 286;
const VALUE_WIDTH = 226;
const HEADER_HEIGHT = 82;
const GROUP_HEIGHT = 34;
const ROW_HEIGHT = 24;
const BAR_HEIGHT = 12;
const FOOTER_HEIGHT = 92;
const PLOT_LEFT = MARGIN + LABEL_WIDTH;
const PLOT_WIDTH = WIDTH - PLOT_LEFT - VALUE_WIDTH - MARGIN;

/** A ratio beyond this is drawn as a bar to the edge; its number says the rest. */
const GREATEST_DRAWN = 4;
/** The axis always shows the kernel's 1 with some room to the right of it. */
const LEAST_DRAWN = 1.25;

const GROUPS: ReadonlyMap<string, string> = new Map([
  ["Gbit/s", "TCP throughput"],
  ["packets/s", "UDP delivered at less than 1 % loss"],
  ["µs", "TCP round trip"],
  ["1/s", "New TCP connections"],
  ["CPU s/GB", "Processor time a gigabyte"],
]);

const CSS = `
  .page { fill: #ffffff } .text { fill: #1c2430 } .quiet { fill: #5a6675 } .bar { fill: #2f6fb3 }
  .below { fill: #b4541a } .grid { stroke: #dde3ea } .kernel { stroke: #1c2430 } .mark { stroke: #1c2430 }
  .mark-edge { stroke: #ffffff }
  text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 12.5px }
  .title { font-size: 18px; font-weight: 600 } .group { font-weight: 600; font-size: 13px }
  @media (prefers-color-scheme: dark) {
    .page { fill: #12171e } .text { fill: #e6ebf1 } .quiet { fill: #9aa7b6 } .bar { fill: #5b9be0 }
    .below { fill: #e0894c } .grid { stroke: #2a333e } .kernel { stroke: #e6ebf1 } .mark { stroke: #e6ebf1 }
    .mark-edge { stroke: #12171e }
  }`;

export function overlayChart(report: Report): string {
  const drawn = report.cases.filter(one => one.ratio !== null);
  const groups = groupByUnit(drawn);
  const height = HEADER_HEIGHT + groups.length * GROUP_HEIGHT + drawn.length * ROW_HEIGHT + FOOTER_HEIGHT;
  const scale = scaleFor(drawn);
  const plotBottom = height - FOOTER_HEIGHT + 8;
  const body: string[] = [];
  let top = HEADER_HEIGHT;
  for (const group of groups) {
    const heading = group.unit === "" ? group.heading : `${group.heading} (${group.unit})`;
    body.push(text(MARGIN, top + 22, "text group", heading));
    top += GROUP_HEIGHT;
    for (const one of group.cases) {
      body.push(...bar(one, top, scale));
      top += ROW_HEIGHT;
    }
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">`,
    `<title id="title">Podwire against the kernel's VXLAN device</title>`,
    `<desc id="description">${escapeXml(description(report))}</desc>`,
    `<style>${CSS}\n</style>`,
    `<rect class="page" width="${WIDTH}" height="${height}"/>`,
    ...header(drawn.length > 0),
    ...axis(scale, plotBottom),
    ...body,
    ...footer(report, height),
    "</svg>\n",
  ].join("\n");
}

interface Scale {
  readonly greatest: number;
  at(ratio: number): number;
}

function scaleFor(drawn: readonly CaseReport[]): Scale {
  const highest = Math.max(LEAST_DRAWN, ...drawn.map(one => one.ratioSpread?.greatest ?? one.ratio!));
  const greatest = Math.min(GREATEST_DRAWN, Math.ceil(highest * 4) / 4);
  return { greatest, at: ratio => round(PLOT_LEFT + (Math.min(ratio, greatest) / greatest) * PLOT_WIDTH) };
}

function groupByUnit(drawn: readonly CaseReport[]) {
  const known = [...GROUPS.keys()];
  const units = [...new Set([...known, ...drawn.map(one => one.unit)])].filter(unit =>
    drawn.some(one => one.unit === unit),
  );
  return units.map(unit => ({
    unit: GROUPS.has(unit) ? unit : "",
    heading: GROUPS.get(unit) ?? unit,
    cases: drawn.filter(one => one.unit === unit),
  }));
}

function header(hasBars: boolean): string[] {
  const reading = hasBars
    ? "Ratio to the kernel, measured in one run: 1 is as good as the kernel, further right is better."
    : "Nothing to compare: the kernel's VXLAN device was not measured.";
  return [
    text(MARGIN, 36, "text title", "Podwire against the kernel's VXLAN device"),
    text(MARGIN, 58, "quiet", reading),
  ];
}

function axis(scale: Scale, bottom: number): string[] {
  const step = scale.greatest > 2 ? 0.5 : 0.25;
  const lines: string[] = [];
  for (let value = 0; value <= scale.greatest; value += step) {
    const isKernel = value === 1;
    const x = scale.at(value);
    const kind = isKernel ? "kernel" : "grid";
    const dash = isKernel ? ' stroke-dasharray="4 3"' : "";
    lines.push(
      `<line class="${kind}" x1="${x}" x2="${x}" y1="${HEADER_HEIGHT}" y2="${bottom}"${dash}/>`,
      text(x, bottom + 16, isKernel ? "text" : "quiet", isKernel ? "1 = kernel" : String(value), "middle"),
    );
  }
  return lines;
}

function bar(one: CaseReport, top: number, scale: Scale): string[] {
  const middle = top + ROW_HEIGHT / 2;
  const isBelow = isReached(one) === false;
  const end = scale.at(one.ratio!);
  const values = `${quantity(one.podwire)} / ${quantity(one.kernel)}${isBelow ? ", below target" : ""}`;
  const parts = [
    text(PLOT_LEFT - 10, middle + 4.5, "text", label(one), "end"),
    `<rect class="${isBelow ? "below" : "bar"}" x="${PLOT_LEFT}" y="${middle - BAR_HEIGHT / 2}" width="${round(end - PLOT_LEFT)}" height="${BAR_HEIGHT}" rx="1.5"/>`,
  ];
  if (one.ratioSpread !== null) {
    const from = scale.at(one.ratioSpread.least);
    const to = scale.at(one.ratioSpread.greatest);
    parts.push(line("mark-edge", from, to, middle, middle, 4), line("mark", from, to, middle, middle, 2));
  }
  if (one.target !== null) {
    const x = scale.at(one.target);
    parts.push(
      line("mark-edge", x, x, middle - 10, middle + 10, 5),
      line("mark", x, x, middle - 9, middle + 9, 2),
    );
  }
  const valuesAt = PLOT_LEFT + PLOT_WIDTH + 12;
  parts.push(
    `<text class="text" x="${valuesAt}" y="${middle + 4.5}"><tspan font-weight="600">${one.ratio!.toFixed(2)}</tspan> <tspan class="quiet" dx="6">${escapeXml(values)}</tspan></text>`,
  );
  return parts;
}

/** The parts of a case's name as words: "1 stream, across nodes, mtu 1500, ipv6". */
function label(one: CaseReport): string {
  const words = one.name
    .split("/")
    .map(part => part.replaceAll("-", " "))
    .join(", ");
  return words
    .replace(/^tcp (\d+ stream|round trip p|connections)/, "$1")
    .replace(/^round trip /, "")
    .replace(/^udp (\d+)B/, "$1 B")
    .replace("mtu ", "MTU ")
    .replace("ipv", "IPv")
    .replace(/^(connections|cpu), /, "");
}

function footer(report: Report, height: number): string[] {
  const { processors, processor, kernel, node } = report.machine;
  const key =
    "Bar: ratio of the medians, beside it both medians (Podwire / kernel). Thin line: least to greatest ratio of a round. Tick: target.";
  const how = `${report.rounds} rounds of ${report.durationSeconds} s, alternating · ${processors} × ${processor} · Linux ${kernel} · Node ${node}`;
  return [text(MARGIN, height - 32, "quiet", key), text(MARGIN, height - 13, "quiet", how)];
}

function description(report: Report): string {
  return report.cases
    .map(one => {
      if (one.ratio === null) return `${one.name}: no ratio.`;
      const target = one.target === null ? "" : `, target ${one.target}`;
      return `${one.name}: ratio ${one.ratio.toFixed(2)}${target}.`;
    })
    .join(" ");
}

function line(kind: string, x1: number, x2: number, y1: number, y2: number, width: number): string {
  return `<line class="${kind}" x1="${x1}" x2="${x2}" y1="${y1}" y2="${y2}" stroke-width="${width}"/>`;
}

function text(x: number, y: number, kind: string, content: string, anchor = "start"): string {
  return `<text class="${kind}" x="${x}" y="${y}" text-anchor="${anchor}">${escapeXml(content)}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(content: string): string {
  return content.replace(/[<>&"]/g, one => `&#${one.charCodeAt(0)};`);
}
