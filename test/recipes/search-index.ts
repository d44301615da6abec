import { Injectable } from '@nestjs/common';

/** Stands for a search engine, or for a cache. */
@Injectable()
export class SearchIndex {
  readonly documents = new Map<number, object>();
  /** How many of the next calls fail. */
  failures = 0;

  async put(id: number, document: object): Promise<void> {
    this.mayFail();
    this.documents.set(id, document);
  }

  async remove(id: number): Promise<void> {
    this.mayFail();
    this.documents.delete(id);
  }

  private mayFail(): void {
    if (this.failures-- > 0) throw new Error('the index is being rebuilt');
  }
}
