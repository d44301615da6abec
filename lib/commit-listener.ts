import type { EntitySubscriberInterface } from 'typeorm';

/** Hears of the transactions that this process commits through TypeORM. */
export class CommitListener implements EntitySubscriberInterface {
  constructor(private readonly hear: () => void) {}

  afterTransactionCommit(): void {
    this.hear();
  }
}
