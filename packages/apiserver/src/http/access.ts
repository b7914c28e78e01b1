/**
 * The one place where a request is authenticated and authorized. Every request passes here before anything else
 * looks at it; whoever composes the server decides what stands here.
 */
import type { IncomingMessage } from "node:http";
import type { Target } from "./target.ts";

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

export interface Access {
  /** Who it is. Throws `unauthorized`. */
  authenticate(request: IncomingMessage): Promise<User>;
  /** Throws `forbidden` when the user may not do this to that. Without a target: discovery, health, version. */
  authorize(user: User, method: string, target: Target | undefined): Promise<void>;
}

/** For a server that only its own machine can reach: everyone is the administrator. */
export const adminAccess: Access = {
  authenticate: async () => ({
    name: "kubernetes-admin",
    groups: ["system:masters", "system:authenticated"],
  }),
  authorize: async () => {},
};
