/** How much a dispatcher has in its hands, and whether it keeps up. */
export interface DispatcherLoad {
  /** Attempts under way, by the name of their trigger; a request that carries several events is one. */
  readonly inFlight: ReadonlyMap<string, number>;
  /** Triggers of which nothing is claimed, because their destination fails or has asked for a pause, or they are paused. */
  readonly keptBack: ReadonlySet<string>;
  /** Events that are claimed and wait for their turn. */
  readonly waiting: number;
  /** Milliseconds since its loop should have looked again; 0 where it is in time. */
  readonly lateBy: number;
  /** Whether notifications wake it; else it polls. */
  readonly isListening: boolean;
}
