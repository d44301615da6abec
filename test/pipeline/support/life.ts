/** The methods of an object that return promises. */
export type Calls<Target> = {
  [Name in keyof Target]: Target[Name] extends (...parameters: never[]) => Promise<unknown>
    ? Name
    : never;
}[keyof Target];

/**
 * The life of a process inside the test's own: calls of what is bound to it neither begin nor return while
 * it stands still, nor ever after its end.
 */
export class Life {
  private running: Promise<void> = Promise.resolve();
  private resume: () => void = () => undefined;

  bind<Target extends object>(target: Target, names: readonly Calls<Target>[]): Target {
    const bound = Object.create(target) as Target;
    for (const name of names) {
      const call = target[name] as (...parameters: unknown[]) => Promise<unknown>;
      bound[name] = (async (...parameters: unknown[]) => {
        await this.running;
        try {
          return await this.make(String(name), parameters, () => call.apply(target, parameters));
        } finally {
          await this.running;
        }
      }) as Target[typeof name];
    }
    return bound;
  }

  freeze(): void {
    this.running = new Promise((resolve) => {
      this.resume = resolve;
    });
  }

  thaw(): void {
    this.resume();
    this.running = Promise.resolve();
  }

  end(): void {
    this.running = new Promise(() => undefined);
  }

  /** Makes a call of a process that lives. */
  protected async make<Answer>(
    _name: string,
    _parameters: readonly unknown[],
    call: () => Promise<Answer>,
  ): Promise<Answer> {
    return call();
  }
}
