/** A command cannot be done as it was given; the message is a sentence and says what to give instead. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
