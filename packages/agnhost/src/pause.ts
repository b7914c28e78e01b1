/** `agnhost pause`: does nothing until SIGINT (exit code 1) or SIGTERM (exit code 2), as upstream. */
export async function main(): Promise<void> {
  // A timer far away keeps the event loop alive; signals are all that ever happens.
  setInterval(() => {}, 2 ** 31 - 1);
  process.once("SIGINT", () => process.exit(1));
  process.once("SIGTERM", () => process.exit(2));
  process.stdout.write("Paused\n");
}
