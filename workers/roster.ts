/** Whoever is on a roster knows the place there. */
export interface Listed<Item> {
  readonly item: Item;
  place: number;
}

/**
 * What a process has in hand, coming and going thousands of times a second. Not a Set or Map: V8 makes these a new table
 * every few dozen comings, which the old one points to, and so one that has grown old keeps all the later ones, with all
 * that was ever in them, until the next major garbage collection. Each minor one would have that to copy.
 */
export interface Roster<Item> {
  readonly size: number;
  add(item: Item): Listed<Item>;
  /** Harmless when repeated. */
  remove(listed: Listed<Item>): void;
  find(isIt: (item: Item) => boolean): Item | undefined;
  /** All of them as they are now. */
  all(): Item[];
}

export function createRoster<Item>(): Roster<Item> {
  const list: Listed<Item>[] = [];
  return {
    get size() {
      return list.length;
    },
    add(item) {
      const listed = { item, place: list.length };
      list.push(listed);
      return listed;
    },
    remove(listed) {
      if (list[listed.place] !== listed) return;
      const last = list.pop();
      if (!last || last === listed) return;
      list[listed.place] = last;
      last.place = listed.place;
    },
    find: (isIt) => list.find(({ item }) => isIt(item))?.item,
    all: () => list.map(({ item }) => item),
  };
}
