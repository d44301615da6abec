import type { Request, Response } from 'express';
import type { EventTriggerPayload } from 'nestjs-event-triggers';

/** Without Nest, and without anything of the package but a type: what a serverless function looks like. */
export function sendOrderEmail(request: Request, response: Response): void {
  const secret = process.env.NHOST_WEBHOOK_SECRET;
  if (!secret || request.headers['nhost-webhook-secret'] !== secret) {
    response.status(400).send('Incorrect webhook secret');
    return;
  }
  const { event } = request.body as EventTriggerPayload<{ id: number; email: string }>;
  if (event.op === 'INSERT') {
    console.log(`[Function] would write to ${event.data.new.email} of order ${event.data.new.id}`);
  }
  response.sendStatus(200);
}
