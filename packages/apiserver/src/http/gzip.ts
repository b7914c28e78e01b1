/** Whether a client takes gzip (RFC 9110 §12.5.3). */
import { parseMediaType } from "./negotiate.ts";

export function acceptsGzip(acceptEncoding: string | string[] | undefined): boolean {
  return [acceptEncoding ?? []].flat().some(header =>
    header.split(",").some(each => {
      const { type, parameters } = parseMediaType(each);
      return (type === "gzip" || type === "*") && Number(parameters.get("q") ?? 1) > 0;
    }),
  );
}
