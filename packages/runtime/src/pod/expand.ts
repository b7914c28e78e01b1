/**
 * $(NAME) in command, args and env values, as Kubernetes expands it: $(NAME) becomes the variable's value,
 * $$ becomes $, so that $$(NAME) stays as $(NAME); a reference to nothing, and anything else, stays as written.
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (written: string, name: string | undefined) => {
    if (name === undefined) return "$";
    return lookup(name) ?? written;
  });
}

/** As expand; throws when it refers to nothing: half a path is none. */
export function expandStrictly(text: string, lookup: (name: string) => string | undefined): string {
  return expand(text, name => {
    const value = lookup(name);
    if (value === undefined) throw new Error(`missing value for "${name}"`);
    return value;
  });
}
