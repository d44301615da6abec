/** How this replica is, as far as it knows by itself. */
export interface Health {
  /** Whether all that is attached is in force, and its dispatcher reaches its log and can deliver each trigger. */
  readonly isHealthy: boolean;
  /** What is wrong, in words, for a person. */
  readonly problems: readonly string[];
  /** Triggers whose changes may go by uncaptured, by the last look, which is a minute ago at most or so. */
  readonly drifted: readonly string[];
}
