// @ts-check
/** The sample app cannot start, and the message tells a user all there is to know: no stack. */
export class CannotStart extends Error {}
