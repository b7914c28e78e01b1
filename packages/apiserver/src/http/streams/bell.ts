/** Something that many wait for, again and again. */
export class Bell {
  #ring = () => {};
  #rung = this.#next();

  get next(): Promise<void> {
    return this.#rung;
  }

  ring(): void {
    const ring = this.#ring;
    this.#rung = this.#next();
    ring();
  }

  #next(): Promise<void> {
    return new Promise(resolve => {
      this.#ring = resolve;
    });
  }
}
