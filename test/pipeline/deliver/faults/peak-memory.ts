const LOOK_EVERY_MS = 5;

/** How far the memory of this process has grown at its highest. */
export class PeakMemory {
  private highest: number;
  private readonly timer: NodeJS.Timeout;

  static begin(): PeakMemory {
    return new PeakMemory(inUse());
  }

  private constructor(private readonly before: number) {
    this.highest = before;
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS);
  }

  /** Bytes. */
  end(): number {
    clearInterval(this.timer);
    this.look();
    return this.highest - this.before;
  }

  private look(): void {
    this.highest = Math.max(this.highest, inUse());
  }
}

function inUse(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
