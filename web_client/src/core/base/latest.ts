/** Questions of which only the last one counts: an answer to an older one comes too late, and is dropped. */
export class Latest {
  private asked = 0

  /** Asks a question. The function that is given back says whether it is still the last one. */
  ask(): () => boolean {
    const mine = ++this.asked
    return () => mine === this.asked
  }

  /** Drops the answers that are still to come. */
  drop(): void {
    this.asked += 1
  }
}
