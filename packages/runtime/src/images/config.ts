/** What an image says of itself (OCI image-spec, config.md): checked once, when it is loaded. */
import { ImageError } from "./image-error.ts";

export interface ImageConfig {
  architecture: string;
  os: string;
  created?: string;
  entrypoint: readonly string[];
  command: readonly string[];
  /** `NAME=VALUE`, in order. */
  environment: readonly string[];
  workingDirectory: string;
  /** `USER[:GROUP]`, names or numbers; empty: root. */
  user: string;
  /** Name or number; empty: SIGTERM. */
  stopSignal: string;
  volumes: readonly string[];
  /** Of the layers' tars as they are without compression, lowest first. */
  diffIDs: readonly string[];
}

const DIFF_ID = /^sha256:[0-9a-f]{64}$/;

/** Throws an ImageError that names the field. */
export function parseImageConfig(json: unknown, what: string): ImageConfig {
  const field = new Fields(what);
  const top = field.object(json, "the config");
  const config = field.object(top.config ?? {}, "config");
  const rootfs = field.object(top.rootfs, "rootfs");
  const diffIDs = field.strings(rootfs.diff_ids, "rootfs.diff_ids");
  const wrong = diffIDs.find(each => !DIFF_ID.test(each));
  if (wrong !== undefined)
    throw field.wrong("rootfs.diff_ids", `${JSON.stringify(wrong)} is no sha256 digest`);
  const created = field.string(top.created, "created");
  return {
    architecture: field.string(top.architecture, "architecture"),
    os: field.string(top.os, "os"),
    ...(created && { created }),
    entrypoint: field.strings(config.Entrypoint, "config.Entrypoint"),
    command: field.strings(config.Cmd, "config.Cmd"),
    environment: field.strings(config.Env, "config.Env"),
    workingDirectory: field.string(config.WorkingDir, "config.WorkingDir"),
    user: field.string(config.User, "config.User"),
    stopSignal: field.string(config.StopSignal, "config.StopSignal"),
    volumes: Object.keys(field.object(config.Volumes ?? {}, "config.Volumes")),
    diffIDs,
  };
}

class Fields {
  readonly #what: string;

  constructor(what: string) {
    this.#what = what;
  }

  object(value: unknown, name: string): Record<string, unknown> {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.wrong(name, "an object is wanted");
    }
    return value as Record<string, unknown>;
  }

  string(value: unknown, name: string): string {
    if (value === undefined || value === null) return "";
    if (typeof value !== "string" || value.includes("\0")) throw this.wrong(name, "text is wanted");
    return value;
  }

  strings(value: unknown, name: string): string[] {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) throw this.wrong(name, "a list of texts is wanted");
    return value.map((each, index) => {
      if (typeof each !== "string") throw this.wrong(`${name}[${index}]`, "text is wanted");
      return this.string(each, `${name}[${index}]`);
    });
  }

  wrong(name: string, why: string): ImageError {
    return new ImageError(`${this.#what}: ${name}: ${why}`);
  }
}
