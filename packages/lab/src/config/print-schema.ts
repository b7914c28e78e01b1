/** Prints the JSON Schema of lab.yaml: redirect it to docs/lab.schema.json after changing the shape. */
import { clusterJsonSchema } from "./json-schema.ts";

process.stdout.write(`${JSON.stringify(clusterJsonSchema(), null, 2)}\n`);
