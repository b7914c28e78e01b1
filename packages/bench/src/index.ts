/** `podwire bench`: the overlay next to the kernel's, and what a lab costs. See bench/README.md. */
export { type BenchApiOptions, benchApi } from "./api/api-bench.ts";
export { allCaseNames } from "./cases.ts";
export { overlayChart } from "./chart.ts";
export { type BenchDnsOptions, benchDns } from "./dns/dns-bench.ts";
export { type BenchLabOptions, benchLab } from "./lab-bench.ts";
export { type LabReport, labTable } from "./lab-report.ts";
export { DEFAULT_DURATION_SECONDS, DEFAULT_ROUNDS, LEAST_ROUNDS } from "./limits.ts";
export { type BenchOverlayOptions, benchOverlay } from "./overlay.ts";
export { type CaseReport, isReached, type Report, reportJson } from "./report.ts";
export { type BenchServicesOptions, benchServices } from "./services/services-bench.ts";
export { overlayTable } from "./table.ts";
