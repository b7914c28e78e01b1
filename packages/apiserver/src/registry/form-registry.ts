/**
 * A registry of the form of what another one stores: each object is shown in the form as it comes out, and put back
 * into the stored kind as it goes in. Revisions, deletion and ownership are those of what is stored.
 */
import {
  admit,
  badRequest,
  type FieldSelector,
  invalid,
  type Kind,
  type KubernetesObject,
  type NewObject,
  type View,
  validateNew,
} from "@podwire/api";
import type {
  ApplyRequest,
  ApplyResult,
  CreateOptions,
  DeleteRequest,
  DeleteResult,
  ListOptions,
  ListResult,
  ObjectRef,
  Registry,
  Stored,
  UpdateOptions,
  Watch,
  WatchEvent,
  WatchOptions,
} from "./registry.ts";

type AnyView = View<KubernetesObject, KubernetesObject>;

/** The calls that are about a kind. The kind asked for is the form's; what is called with is the stored one's. */
export type Objects = Omit<Registry, "as" | "bind" | "watchKinds" | "history">;

export class FormRegistry implements Objects {
  readonly #objects: Registry;
  readonly #stored: Kind;
  readonly #view: AnyView;

  constructor(objects: Registry, stored: Kind, view: View<never, never> | AnyView) {
    this.#objects = objects;
    this.#stored = stored;
    this.#view = view as AnyView;
  }

  get revision(): number {
    return this.#objects.revision;
  }

  async create<F extends KubernetesObject>(
    form: Kind<F>,
    object: NewObject<F>,
    options?: CreateOptions,
  ): Promise<Stored<F>> {
    const whole = object as unknown as F;
    // A name that is still to be made is checked when it is.
    const named = { ...whole, metadata: { ...whole.metadata, name: whole.metadata.name || "x" } };
    refuse(form as Kind, whole, validateNew(form, named));
    const stored = this.#view.put(whole, undefined);
    return this.#show<F>(await this.#objects.create(this.#stored, stored, options));
  }

  async get<F extends KubernetesObject>(_: Kind<F>, ref: ObjectRef): Promise<Stored<F>> {
    return this.#show<F>(await this.#objects.get(this.#stored, ref));
  }

  async list<F extends KubernetesObject>(_: Kind<F>, options: ListOptions = {}): Promise<ListResult<F>> {
    return this.#showList<F>(await this.#objects.list(this.#stored, this.#selection(options)));
  }

  async update<F extends KubernetesObject>(
    form: Kind<F>,
    object: F,
    options?: UpdateOptions,
  ): Promise<Stored<F>> {
    return this.replace(form, object.metadata, () => object, options);
  }

  async mutate<F extends KubernetesObject>(
    form: Kind<F>,
    ref: ObjectRef,
    change: (copy: F) => void,
    options?: UpdateOptions,
  ): Promise<Stored<F>> {
    const make = (copy: F) => {
      change(copy);
      return copy;
    };
    return this.replace(form, ref, make, options);
  }

  async replace<F extends KubernetesObject>(
    form: Kind<F>,
    ref: ObjectRef,
    make: (copy: F) => F,
    options?: UpdateOptions,
  ): Promise<Stored<F>> {
    const change = (stored: KubernetesObject) => {
      const before = this.#view.show(stored) as F;
      const next = make(structuredClone(before));
      // What else it must be is for the stored kind to say.
      refuse(form as Kind, next, form.validateUpdate(next, before));
      return this.#view.put(next, stored);
    };
    return this.#show<F>(await this.#objects.replace(this.#stored, ref, change, options));
  }

  async apply<F extends KubernetesObject>(
    form: Kind<F>,
    ref: ObjectRef,
    request: ApplyRequest<F>,
    options?: UpdateOptions,
  ): Promise<ApplyResult<F>> {
    const { configuration, force } = request;
    checkType(form as Kind, configuration);
    const asStored = this.#view.configure(configuration) as object;
    const { stored, isNew } = await this.#objects.apply(
      this.#stored,
      ref,
      {
        configuration: { ...asStored, ...typeOf(this.#stored) },
        force,
        admit: merged => {
          const object = admit(this.#stored, merged, "Ignore").object;
          const shown = this.#view.show(object) as F;
          refuse(form as Kind, shown, form.validateUpdate(shown, shown));
          return object;
        },
      },
      options,
    );
    return { stored: this.#show<F>(stored), isNew };
  }

  async delete<F extends KubernetesObject>(
    _: Kind<F>,
    ref: ObjectRef,
    request?: DeleteRequest,
  ): Promise<DeleteResult<F>> {
    const { object, outcome } = await this.#objects.delete(this.#stored, ref, request);
    return { object: this.#view.show(object) as F, outcome };
  }

  async deleteCollection<F extends KubernetesObject>(
    _: Kind<F>,
    options: ListOptions,
    request?: DeleteRequest,
  ): Promise<ListResult<F>> {
    const selection = this.#selection(options);
    return this.#showList<F>(await this.#objects.deleteCollection(this.#stored, selection, request));
  }

  watch<F extends KubernetesObject>(form: Kind<F>, options: WatchOptions): Watch<F> {
    const watch = this.#objects.watch(this.#stored, this.#selection(options));
    const show = (event: WatchEvent): WatchEvent<F> => ({
      ...event,
      kind: form as Kind,
      stored: this.#show<F>(event.stored),
    });
    return {
      next: async () => (await watch.next())?.map(show),
      get position() {
        return watch.position;
      },
      close: () => watch.close(),
    };
  }

  #selection<Options extends { readonly fields?: FieldSelector | undefined }>(options: Options): Options {
    const fields = options.fields?.map(each => ({ ...each, field: this.#view.storedField(each.field) }));
    return { ...options, fields };
  }

  #showList<F>(result: ListResult<KubernetesObject>): ListResult<F> {
    return { ...result, items: result.items.map(each => this.#show<F>(each)) };
  }

  #show<F>({ key, revision, object: stored }: Stored): Stored<F> {
    const object = this.#view.show(stored) as F;
    return { key, revision, object, json: Buffer.from(JSON.stringify(object)) };
  }
}

function typeOf({ group, version, kind }: Kind): { apiVersion: string; kind: string } {
  return { apiVersion: group === "" ? version : `${group}/${version}`, kind };
}

function checkType(form: Kind, configuration: unknown): void {
  const { apiVersion, kind } = (configuration ?? {}) as Partial<KubernetesObject>;
  const expected = typeOf(form);
  if (apiVersion === expected.apiVersion && kind === expected.kind) return;
  throw badRequest(
    `Incorrect version specified in apply patch. Specified patch version: ${apiVersion}, expected: ${expected.apiVersion}`,
  );
}

function refuse(form: Kind, { metadata }: KubernetesObject, errors: Parameters<typeof invalid>[3]): void {
  if (errors.length > 0) throw invalid(form.group, form.kind, metadata.name ?? "", errors);
}
