/** Lists of conditions: one of a type, and `lastTransitionTime` moves with the status alone. */
export interface AnyCondition {
  type: string;
  status: string;
  reason?: string | undefined;
  lastTransitionTime?: string | undefined;
}

export function findCondition<C extends AnyCondition>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find(each => each.type === type);
}

/** One that says the same already stays as it is. */
export function withCondition<C extends AnyCondition>(conditions: readonly C[] | undefined, next: C): C[] {
  const current = findCondition(conditions, next.type);
  if (current?.status === next.status && current.reason === next.reason) return [...(conditions ?? [])];
  const lastTransitionTime =
    current?.status === next.status ? current.lastTransitionTime : next.lastTransitionTime;
  return [...withoutCondition(conditions, next.type), { ...next, lastTransitionTime }];
}

export function withoutCondition<C extends AnyCondition>(
  conditions: readonly C[] | undefined,
  type: string,
): C[] {
  return (conditions ?? []).filter(each => each.type !== type);
}

/** Counts as upstream writes them: zero is left out. */
export function counts<K extends string>(numbers: Record<K, number>): { [key in K]?: number } {
  return Object.fromEntries(Object.entries<number>(numbers).filter(([, count]) => count !== 0)) as {
    [key in K]?: number;
  };
}
