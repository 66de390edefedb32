/** Notices that courseware of another page or device is gone, while this page shares none. */
export class CoursewareWatch {
  private mine = false
  private elsewhere = false

  /**
   * Takes the news when either fact changes.
   *
   * @param inRoom courseware is among the room's sources.
   * @param sharing this page shares courseware.
   * @returns whether somebody else's courseware has just ended.
   */
  see(inRoom: boolean, sharing: boolean): boolean {
    const ended = this.elsewhere && !inRoom && !sharing
    // Courseware that this page stopped sharing stays in the room for a moment: it is nobody else's.
    this.mine = sharing || (this.mine && inRoom)
    this.elsewhere = inRoom && !this.mine
    return ended
  }

  /** Another page or device shows courseware now. */
  get isElsewhere(): boolean {
    return this.elsewhere
  }
}
