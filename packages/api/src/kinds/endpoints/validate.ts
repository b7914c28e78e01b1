/** What Endpoints must satisfy: pkg/apis/core/validation, ValidateEndpoints. */
import type { EndpointAddress, EndpointPort, Endpoints } from "../../core/endpoints.ts";
import { validateAddress, validateEndpointAddress } from "../../validation/addresses.ts";
import { type FieldError, fieldRequired } from "../../validation/field-error.ts";
import { portNumber, shaped } from "../../validation/fields.ts";
import { dnsLabelProblems, dnsSubdomainProblems, labelKeyProblems } from "../../validation/names.ts";

export function validateEndpoints({ subsets = [] }: Endpoints): FieldError[] {
  return subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }, at) => {
    const field = `subsets[${at}]`;
    const isEmpty = addresses.length === 0 && notReadyAddresses.length === 0;
    return [
      ...(isEmpty ? [fieldRequired(field, "must specify `addresses` or `notReadyAddresses`")] : []),
      ...addresses.flatMap((each, index) => validateOne(each, `${field}.addresses[${index}]`)),
      ...notReadyAddresses.flatMap((each, index) =>
        validateOne(each, `${field}.notReadyAddresses[${index}]`),
      ),
      ...ports.flatMap((each, index) => validatePort(each, ports.length > 1, `${field}.ports[${index}]`)),
    ];
  });
}

function validateOne({ ip, hostname, nodeName }: EndpointAddress, field: string): FieldError[] {
  return [
    ...(ip ? validateAddress(`${field}.ip`, ip) : []),
    ...(hostname ? shaped(`${field}.hostname`, hostname, dnsLabelProblems) : []),
    ...shaped(`${field}.nodeName`, nodeName, dnsSubdomainProblems),
    ...(ip ? validateEndpointAddress(`${field}.ip`, ip) : []),
  ];
}

function validatePort(
  { name, port, appProtocol }: EndpointPort,
  needsName: boolean,
  field: string,
): FieldError[] {
  const named = name ? shaped(`${field}.name`, name, dnsLabelProblems) : [];
  return [
    ...(!name && needsName ? [fieldRequired(`${field}.name`)] : named),
    ...portNumber(`${field}.port`, port),
    ...shaped(`${field}.appProtocol`, appProtocol, labelKeyProblems),
  ];
}
