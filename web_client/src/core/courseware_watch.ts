/** Sees when courseware that another page or device showed is gone: this page shares nothing in its place. */
export class CoursewareWatch {
  private mine = false
  private elsewhere = false

  /**
   * Told whenever either changes.
   *
   * @param inRoom courseware is among the room's sources.
   * @param sharing this page shares courseware.
   * @returns whether somebody else's courseware has just ended.
   */
  see(inRoom: boolean, sharing: boolean): boolean {
    const ended = this.elsewhere && !inRoom && !sharing
    // What this page shared stays in the room for a moment after it stopped: that is nobody else's.
    this.mine = sharing || (this.mine && inRoom)
    this.elsewhere = inRoom && !this.mine
    return ended
  }

  /** Another page or device shows courseware now. */
  get isElsewhere(): boolean {
    return this.elsewhere
  }
}
