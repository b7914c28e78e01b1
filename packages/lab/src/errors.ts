/** What goes wrong with a lab, said to a person: the object, what is wrong, and the way out. */

/** The CLI prints the message as it is and exits 1. */
export class LabError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "LabError";
  }
}

/** Someone asked for the lab to go while it was being made. */
export class LabStopped extends LabError {
  constructor(name: string) {
    super(`lab ${name}: stopped while it was starting`);
    this.name = "LabStopped";
  }
}
