import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualItem,
} from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

export interface VirtualRows {
  /** Those to draw: what is seen, and some before and after. */
  items: VirtualItem[];
  /** In pixels. */
  total: number;
  show: (index: number) => void;
}

const OVERSCAN = 16;

/** Draws of a long list what can be seen: rows of one height in an element that scrolls. */
export function useVirtualRows(
  scroller: RefObject<HTMLElement>,
  { count, height, padding }: { count: number; height: number; padding: number },
): VirtualRows {
  const [, redraw] = useState(0);
  const rows = useRef<Virtualizer<HTMLElement, Element>>();
  const options = {
    count,
    estimateSize: () => height,
    overscan: OVERSCAN,
    scrollPaddingStart: padding,
    getScrollElement: () => scroller.current,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => redraw((turn) => turn + 1),
  };
  rows.current ??= new Virtualizer(options);
  rows.current.setOptions(options);
  const { _didMount: mount, _willUpdate: update } = rows.current;
  useEffect(() => mount(), []);
  useLayoutEffect(() => update());
  return {
    items: rows.current.getVirtualItems(),
    total: rows.current.getTotalSize(),
    show: (index) => rows.current?.scrollToIndex(index, { align: 'auto' }),
  };
}
