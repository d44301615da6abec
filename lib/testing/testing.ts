/** Helps to test applications that send and receive webhooks: `nestjs-event-triggers/testing`. */

export {
  startFakeReceiver,
  type FakeReceiver,
  type FakeReceiverOptions,
  type ReceivedRequest,
  type ReceiverResponse,
  type ReceiverScript,
  type Responder,
} from './fake-receiver.js';
export { expectEvent, type ExpectedEvent, type ExpectEventOptions } from './expect-event.js';
export { payloadOf, type EventDescription } from './payload-of.js';
export { signedRequest, type SignedRequest, type SignedRequestOptions } from './signed-request.js';
export { drain, type DrainOptions } from './drain.js';
