/** The documents of OpenAPI: 2.0 of everything, 3.0 of each version of each group. */
import {
  deleteOptions,
  type GroupVersionKind,
  type Model,
  Models,
  modelNames,
  type ObjectSchema,
  type Root,
  servedKinds,
  status,
} from "@podwire/api";
import { apiPaths, LISTS, type Operation, type Path, SUBRESOURCE_BODIES } from "./operations.ts";
import { PARAMETERS } from "./parameters.ts";

const INFO = { title: "Kubernetes", version: "v1" };
const JSON_TYPE = "application/json";
const OBJECT_TYPES = [JSON_TYPE, "application/yaml", "application/vnd.kubernetes.protobuf"];
const PATCH_TYPES = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];
const ANY_TYPE = "*/*";
const CODES: Readonly<Record<string, string>> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  401: "Unauthorized",
};

const bodies = Object.values(SUBRESOURCE_BODIES).filter(
  body => !servedKinds.some(kind => kind.schema === body.schema),
);

const roots: readonly Root[] = [
  ...servedKinds,
  ...bodies,
  ...[...LISTS].map(([{ group, version }, schema]) => ({ group, version, schema })),
  ...[status, deleteOptions].map(schema => ({ group: "", version: "v1", schema })),
];

const kindsBySchema: ReadonlyMap<ObjectSchema, GroupVersionKind> = new Map(
  roots.map(({ group, version, schema }) => [schema, { group, version, kind: schema.name }]),
);

/** Of all kinds. */
export function documentV2(): object {
  const models = new Models("v2", modelNames(roots), kindsBySchema);
  const paths = apiPaths().map(path => [path.path, pathV2(path, models)]);
  return { swagger: "2.0", info: INFO, paths: Object.fromEntries(paths), definitions: models.all };
}

/** Of one version of a group, with only the models that it needs. */
export function documentV3(group: string, version: string): object {
  const models = new Models("v3", modelNames(roots), kindsBySchema);
  const paths = apiPaths()
    .filter(path => path.group === group && path.version === version)
    .map(path => [path.path, pathV3(path, models)]);
  return {
    openapi: "3.0.0",
    info: INFO,
    paths: Object.fromEntries(paths),
    components: { schemas: models.all },
  };
}

function pathV2({ operations, ...path }: Path, models: Models): object {
  const methods = operations.map(operation => [operation.method, operationV2(operation, path, models)]);
  return { ...Object.fromEntries(methods), parameters: pathParameters(path).map(parameterV2) };
}

function pathV3({ operations, ...path }: Path, models: Models): object {
  const methods = operations.map(operation => [operation.method, operationV3(operation, path, models)]);
  return { ...Object.fromEntries(methods), parameters: pathParameters(path).map(parameterV3) };
}

interface PlacedParameter {
  readonly name: string;
  readonly in: "path" | "query";
}

type PathHead = Omit<Path, "operations">;

const pathParameters = ({ variables }: PathHead): PlacedParameter[] =>
  variables.map(name => ({ name, in: "path" }));
const queryParameters = ({ query }: Operation): PlacedParameter[] =>
  query.map(name => ({ name, in: "query" }));

function parameterV2(parameter: PlacedParameter): object {
  const { type, description } = PARAMETERS[parameter.name]!;
  return {
    ...parameter,
    description,
    ...(parameter.in === "path" && { required: true }),
    type,
    uniqueItems: true,
  };
}

function parameterV3(parameter: PlacedParameter): object {
  const { type, description } = PARAMETERS[parameter.name]!;
  const schema = { type, uniqueItems: true };
  return { ...parameter, description, ...(parameter.in === "path" && { required: true }), schema };
}

/** What both dialects say of an operation alike. */
function commonHead({ id, description, action, gvk }: Operation, { group, version }: PathHead): object {
  return {
    description,
    operationId: id,
    tags: [`${group === "" ? "core" : group.split(".")[0]}_${version}`],
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": gvk,
  };
}

function operationV2(operation: Operation, path: PathHead, models: Models): object {
  const { body, isBodyOptional, answers } = operation;
  const responses = Object.entries(answers).map(([code, answer]) => [
    code,
    {
      description: CODES[code],
      schema: answer === "text" ? { type: "string" } : models.referToObject(answer),
    },
  ]);
  const inBody = body && {
    name: "body",
    in: "body",
    ...(!isBodyOptional && { required: true }),
    schema: referToBody(body, models),
  };
  return {
    ...commonHead(operation, path),
    schemes: ["https"],
    consumes: body === undefined ? [ANY_TYPE] : bodyTypes(body),
    produces: producedTypes(operation),
    parameters: [...(inBody ? [inBody] : []), ...queryParameters(operation).map(parameterV2)],
    responses: { ...Object.fromEntries(responses), 401: { description: CODES[401] } },
  };
}

function operationV3(operation: Operation, path: PathHead, models: Models): object {
  const { body, isBodyOptional, answers } = operation;
  const responses = Object.entries(answers).map(([code, answer]) => {
    const schema = answer === "text" ? { type: "string" } : models.referToObject(answer);
    return [code, { description: CODES[code], content: contentOf(producedTypes(operation), schema) }];
  });
  return {
    ...commonHead(operation, path),
    parameters: queryParameters(operation).map(parameterV3),
    ...(body && {
      requestBody: {
        content: contentOf(bodyTypes(body), referToBody(body, models)),
        ...(!isBodyOptional && { required: true }),
      },
    }),
    responses: { ...Object.fromEntries(responses), 401: { description: CODES[401] } },
  };
}

const bodyTypes = (body: ObjectSchema | "patch") => (body === "patch" ? PATCH_TYPES : OBJECT_TYPES);
const referToBody = (body: ObjectSchema | "patch", models: Models): Model =>
  body === "patch" ? models.referToPatch() : models.referToObject(body);
const producedTypes = ({ answers }: Operation) => (answers[200] === "text" ? [ANY_TYPE] : [JSON_TYPE]);

function contentOf(types: readonly string[], schema: Model): object {
  return Object.fromEntries(types.map(type => [type, { schema }]));
}
