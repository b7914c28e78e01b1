/** What names, label keys and label values may look like, and upstream's words for what is wrong with one. */

import { type FieldError, fieldInvalid, fieldRequired } from "./field-error.ts";

const LABEL_CHARACTERS = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN_CHARACTERS = `${LABEL_CHARACTERS}(\\.${LABEL_CHARACTERS})*`;
const QUALIFIED_CHARACTERS = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

const DNS_1035_CHARACTERS = "[a-z]([-a-z0-9]*[a-z0-9])?";
const DNS_1035_LABEL = new RegExp(`^${DNS_1035_CHARACTERS}$`);
const DNS_LABEL = new RegExp(`^${LABEL_CHARACTERS}$`);
const DNS_SUBDOMAIN = new RegExp(`^${SUBDOMAIN_CHARACTERS}$`);
const QUALIFIED_NAME = new RegExp(`^${QUALIFIED_CHARACTERS}$`);
const LABEL_VALUE = new RegExp(`^(${QUALIFIED_CHARACTERS})?$`);

export const DNS_LABEL_MAX_LENGTH = 63;
export const DNS_SUBDOMAIN_MAX_LENGTH = 253;

function mismatch(message: string, regex: string, ...examples: string[]): string {
  const like = examples.map(each => `'${each}'`).join(",  or ");
  return `${message} (e.g. ${like}, regex used for validation is '${regex}')`;
}

const tooLong = (max: number) => `must be no more than ${max} characters`;

/** RFC 1123 label: names of namespaces, containers, ports of Services. */
export function dnsLabelProblems(name: string): string[] {
  const problems = name.length > DNS_LABEL_MAX_LENGTH ? [tooLong(DNS_LABEL_MAX_LENGTH)] : [];
  if (DNS_LABEL.test(name)) return problems;
  if (DNS_SUBDOMAIN.test(name)) return [...problems, "must not contain dots"];
  const message =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
  return [...problems, mismatch(message, LABEL_CHARACTERS, "my-name", "123-abc")];
}

/** RFC 1035 label: names of Services, which begin with a letter. */
export function dns1035LabelProblems(name: string): string[] {
  const problems = name.length > DNS_LABEL_MAX_LENGTH ? [tooLong(DNS_LABEL_MAX_LENGTH)] : [];
  if (DNS_1035_LABEL.test(name)) return problems;
  const message =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
  return [...problems, mismatch(message, DNS_1035_CHARACTERS, "my-name", "abc-123")];
}

/** `*.example.com`: hosts of an Ingress. */
export function wildcardSubdomainProblems(name: string): string[] {
  const problems = name.length > DNS_SUBDOMAIN_MAX_LENGTH ? [tooLong(DNS_SUBDOMAIN_MAX_LENGTH)] : [];
  if (name.startsWith("*.") && DNS_SUBDOMAIN.test(name.slice(2))) return problems;
  const message =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
  return [...problems, mismatch(message, `\\*\\.${SUBDOMAIN_CHARACTERS}`, "*.example.com")];
}

/** Keys of ConfigMaps and Secrets, which may become names of files. */
export function dataKeyProblems(key: string): string[] {
  const problems = key.length > DNS_SUBDOMAIN_MAX_LENGTH ? [tooLong(DNS_SUBDOMAIN_MAX_LENGTH)] : [];
  if (!/^[-._a-zA-Z0-9]+$/.test(key)) {
    const message = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    problems.push(mismatch(message, "[-._a-zA-Z0-9]+", "key.name", "KEY_NAME", "key-name"));
  }
  if (key === "." || key === "..") problems.push(`must not be '${key}'`);
  else if (key.startsWith("..")) problems.push("must not start with '..'");
  return problems;
}

/** RFC 1123 subdomain: names of most objects. */
export function dnsSubdomainProblems(name: string): string[] {
  const problems = name.length > DNS_SUBDOMAIN_MAX_LENGTH ? [tooLong(DNS_SUBDOMAIN_MAX_LENGTH)] : [];
  if (DNS_SUBDOMAIN.test(name)) return problems;
  const message =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
  return [...problems, mismatch(message, SUBDOMAIN_CHARACTERS, "example.com")];
}

const SEARCH_LABEL = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const SEARCH_DOMAIN = `${SEARCH_LABEL}(\\.${SEARCH_LABEL})*`;

/** Domains that a resolver searches, where underscores are usual: `_tcp.example.com`. */
export function searchDomainProblems(name: string): string[] {
  const problems = name.length > DNS_SUBDOMAIN_MAX_LENGTH ? [tooLong(DNS_SUBDOMAIN_MAX_LENGTH)] : [];
  if (new RegExp(`^${SEARCH_DOMAIN}$`).test(name)) return problems;
  const message =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
  return [...problems, mismatch(message, SEARCH_DOMAIN, "example.com")];
}

const QUALIFIED_MESSAGE =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/** `name` or `prefix/name`: keys of labels, annotations, taints; condition types. */
export function labelKeyProblems(key: string): string[] {
  const parts = key.split("/");
  if (parts.length > 2) {
    const message = `a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`;
    const text = mismatch(message, QUALIFIED_CHARACTERS, "MyName", "my.name", "123-abc");
    return [`${text} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const prefix = parts.length === 2 ? parts[0]! : undefined;
  const name = parts.at(-1)!;
  const problems: string[] = [];
  if (prefix === "") problems.push("prefix part must be non-empty");
  else if (prefix !== undefined) {
    problems.push(...dnsSubdomainProblems(prefix).map(problem => `prefix part ${problem}`));
  }
  if (name === "") problems.push("name part must be non-empty");
  else if (name.length > DNS_LABEL_MAX_LENGTH) problems.push(`name part ${tooLong(DNS_LABEL_MAX_LENGTH)}`);
  if (!QUALIFIED_NAME.test(name)) {
    problems.push(mismatch(QUALIFIED_MESSAGE, QUALIFIED_CHARACTERS, "MyName", "my.name", "123-abc"));
  }
  return problems;
}

export function labelValueProblems(value: string): string[] {
  const problems = value.length > DNS_LABEL_MAX_LENGTH ? [tooLong(DNS_LABEL_MAX_LENGTH)] : [];
  if (LABEL_VALUE.test(value)) return problems;
  const message =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  const regex = `(${QUALIFIED_CHARACTERS})?`;
  return [...problems, mismatch(message, regex, "MyValue", "my_value", "12345")];
}

const PATH_CHARACTERS = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const HTTP_PATH = new RegExp(`^${PATH_CHARACTERS}$`);

/** `example.com/controller`: who looks after an object. */
export function validateDomainPath(field: string, text: string): FieldError[] {
  if (text === "") return [fieldRequired(field)];
  const slash = text.indexOf("/");
  const [host, path] = [text.slice(0, Math.max(slash, 0)), text.slice(slash + 1)];
  if (host === "" || path === "") {
    return [fieldInvalid(field, text, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const errors = dnsSubdomainProblems(host).map(problem => fieldInvalid(field, host, problem));
  if (HTTP_PATH.test(path)) return errors;
  return [
    ...errors,
    fieldInvalid(field, path, `Invalid path (regex used for validation is '${PATH_CHARACTERS}')`),
  ];
}

const PORT_NAME_MAX_LENGTH = 15;

/** IANA service name (RFC 6335): names of container ports. */
export function portNameProblems(name: string): string[] {
  const problems: string[] = [];
  if (name.length > PORT_NAME_MAX_LENGTH) {
    problems.push(`must be no more than ${PORT_NAME_MAX_LENGTH} characters`);
  }
  if (!/^[-a-z0-9]+$/.test(name)) {
    problems.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (!/[a-z]/.test(name)) problems.push("must contain at least one letter (a-z)");
  if (name.includes("--")) problems.push("must not contain consecutive hyphens");
  if (name.startsWith("-") || name.endsWith("-")) problems.push("must not begin or end with a hyphen");
  return problems;
}

/** A name that is part of a path: anything but `.`, `..`, `/` and `%`. */
export function pathSegmentProblems(name: string): string[] {
  if (name === "." || name === "..") return [`may not be '${name}'`];
  return ["/", "%"].filter(character => name.includes(character)).map(each => `may not contain '${each}'`);
}
