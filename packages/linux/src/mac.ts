/** Ethernet addresses as text. */

export function macBytes(mac: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) {
    throw new TypeError(`MAC address ${JSON.stringify(mac)}: must be six hexadecimal bytes joined by colons`);
  }
  return Uint8Array.from(mac.split(":"), byte => Number.parseInt(byte, 16));
}

export function macText(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join(":");
}
