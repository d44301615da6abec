import { Injectable } from '@nestjs/common';

/** Stands for a queue that takes a job of one id once, as BullMQ does. */
@Injectable()
export class JobQueue {
  readonly jobs = new Map<string, unknown>();

  async add(_name: string, data: unknown, { jobId }: { jobId: string }): Promise<void> {
    this.jobs.set(jobId, data);
  }
}
