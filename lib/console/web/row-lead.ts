import { go } from './navigation.js';

/** Makes a whole row lead somewhere for a pointer; its link does for everybody else. Text in it can still be selected. */
export const leadTo =
  (address: string) =>
  ({ target }: MouseEvent): void => {
    const isOwn = target instanceof Element && target.closest('a, button') !== null;
    if (!isOwn && !window.getSelection()?.toString()) go(address);
  };
