// Leaves the page for another one, in the same tab.

export default function ({ data }) {
  location.assign(data.url);
}
