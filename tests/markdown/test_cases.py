r"""What models write, as people reported it shown wrong: right when whole, at every prefix, in a file."""

import re

import pytest

from lib.markdown import render_blocks, render_html
from tests.markdown.visible import grow, visible

LONG = "+".join(f"x_{{{number}}}" for number in range(345))

# A text, and what its HTML holds: attributes are left out, and formulas are `<f>TeX</f>`.
CASES = [
    # Marks that mark nothing
    ("In Python, 2**10 is 1024.", "<p>In Python, 2**10 is 1024.</p>"),
    ("2**10 and 3**5, x**2 + y**2, 2*3*4", "<p>2**10 and 3**5, x**2 + y**2, 2*3*4</p>"),
    ("Press the ` key to open it.", "<p>Press the ` key to open it.</p>"),
    ("Use ~~ for strikethrough", "<p>Use ~~ for strikethrough</p>"),
    ("It takes 3~5 days and costs 10~20 euro.", "<p>It takes 3~5 days and costs 10~20 euro.</p>"),
    ("H~2~O and ~a~", "<p>H~2~O and ~a~</p>"),
    ("~~gone~~ :red[a] :smile: --", "<p><s>gone</s> :red[a] :smile: --</p>"),
    (
        "npm test -- --watch; x <- 5; A -> B; a <= b",
        "<p>npm test -- --watch; x &lt;- 5; A -&gt; B; a &lt;= b</p>",
    ),
    ("snake_case_name and __init__.py", "snake_case_name"),
    ("**B**old, Hyper**T**ext", "<p><strong>B</strong>old, Hyper<strong>T</strong>ext</p>"),
    (
        "O(n*m) and space is O(n*k): width*height*depth, but *un*done",
        "<p>O(n*m) and space is O(n*k): width*height*depth, but <em>un</em>done</p>",
    ),
    # Scripts without spaces, and Korean
    (
        "**注意：**请先保存。这是**“重点”**内容。",
        "<p><strong>注意：</strong>请先保存。这是<strong>“重点”</strong>内容。</p>",
    ),
    (
        "これは**「重要」**です。*（注）*も。",
        "<p>これは<strong>「重要」</strong>です。<em>（注）</em>も。</p>",
    ),
    ('**"강조"**는 **(참고)**와', '<p><strong>"강조"</strong>는 <strong>(참고)</strong>와</p>'),
    (
        'นี่**"คำ"**ไทย ນີ້**(ຄຳ)**ລາວ ဒါ**“စာ”**မြန် នេះ**(ពាក្យ)**ខ្មែរ',
        '<p>นี่<strong>"คำ"</strong>ไทย ນີ້<strong>(ຄຳ)</strong>ລາວ ဒါ<strong>“စာ”</strong>မြန် '
        "នេះ<strong>(ពាក្យ)</strong>ខ្មែរ</p>",
    ),
    # References and footnotes
    (
        "A claim.[^1]\n\nMore.\n\n[^1]: The source of it.",
        "<p>A claim.<sup>[1]</sup></p><p>More.</p><ol><li><p>The source of it.</p></li></ol>",
    ),
    (
        "One[^b], two[^a], one[^b].\n\n[^a]: A\n\n[^b]: B",
        "<p>One<sup>[1]</sup>, two<sup>[2]</sup>, one<sup>[1]</sup>.</p>"
        "<ol><li><p>B</p></li><li><p>A</p></li></ol>",
    ),
    (
        "One[^1] and two[^2].\n\n[^1]: First.\n[^2]: Second.",
        "<p>One<sup>[1]</sup> and two<sup>[2]</sup>.</p>"
        "<ol><li><p>First.</p></li><li><p>Second.</p></li></ol>",
    ),
    ("Claim [1][2]. More [3].", "<p>Claim [1][2]. More [3].</p>"),
    ("See [the docs][1].\n\n[1]: https://example.org/a", "<p>See <a>the docs</a>.</p>"),
    ("[ERROR]: timeout\n\n[Alice]: Hello", "<p>[ERROR]: timeout</p><p>[Alice]: Hello</p>"),
    ("[note]: see /etc/hosts", "<p>[note]: see /etc/hosts</p>"),
    # URLs
    (
        "请访问https://example.com。谢谢。",
        "<p>请访问<a>https://example.com</a>。谢谢。</p>",
    ),
    (
        "（https://e.org/a）和「https://e.org/b」",
        "<p>（<a>https://e.org/a</a>）和「<a>https://e.org/b</a>」</p>",
    ),
    (
        "(see https://e.org/a_(b).) **https://e.org**, https://e.org/?a=1&b=2.",
        "<p>(see <a>https://e.org/a_(b)</a>.) <strong><a>https://e.org</a></strong>, "
        "<a>https://e.org/?a=1&amp;b=2</a>.</p>",
    ),
    (
        "<https://e.org> <xsl:a> `https://e.org`",
        "<p><a>https://e.org</a> &lt;xsl:a&gt; <code>https://e.org</code></p>",
    ),
    ("See [the $5 plan](https://e.org/$5).", "<p>See <a>the $5 plan</a>.</p>"),
    ("[the file](./a.py) ![a cat](https://e.org/a)", "<p>the file <a>Image: a cat</a></p>"),
    # Money
    (
        "10$/mois, 100$/an and in US$, not in A$,",
        "<p>10$/mois, 100$/an and in US$, not in A$,</p>",
    ),
    (
        "$5 and $10, $5-$10, $5/$10, **$5** or **$10**, $5 (US$) each, $1.5 million, not $2 million",
        "<p>$5 and $10, $5-$10, $5/$10, <strong>$5</strong> or <strong>$10</strong>, $5 (US$) each, "
        "$1.5 million, not $2 million</p>",
    ),
    (r"already \$5, and \\(no formula\\)", r"<p>already $5, and \(no formula\)</p>"),
    (
        "Set `$A` to $5 and `$B` to $6.",
        "<p>Set <code>$A</code> to $5 and <code>$B</code> to $6.</p>",
    ),
    ("echo $HOME and $PATH", "<p>echo $HOME and $PATH</p>"),
    # Formulas
    (
        "The term $4ac$, the energy $0.5mv^2$.",
        "<p>The term <f>$4ac$</f>, the energy <f>$0.5mv^2$</f>.</p>",
    ),
    (
        "Let $ x + y = 10 $ hold, $n$ and $m$.",
        "<p>Let <f>$ x + y = 10 $</f> hold, <f>$n$</f> and <f>$m$</f>.</p>",
    ),
    (
        "The $n$th of all $k$s, at $HOME/$sub, is the $i$-th.",
        "<p>The <f>$n$</f>th of all <f>$k$</f>s, at $HOME/$sub, is the <f>$i$</f>-th.</p>",
    ),
    (
        r"So $total = price \times quantity$ and $F = mass \cdot acceleration$.",
        r"<p>So <f>$total = price \times quantity$</f> and <f>$F = mass \cdot acceleration$</f>.</p>",
    ),
    (r"It is $p = \$5 + x$ now.", r"<p>It is <f>$p = \$5 + x$</f> now.</p>"),
    (
        r"$y \text{ if $x_{1} = 0$ holds as well}$, $$\text{where $z$}$$",
        r"<p><f>$y \text{ if $x_{1} = 0$ holds as well}$</f>, <f>$$\text{where $z$}$$</f></p>",
    ),
    (r"$\text{a_b & 5%}$", r"<p><f>$\text{a_b &amp; 5%}$</f></p>"),
    ("其中$x$是，$y$也是", "<p>其中<f>$x$</f>是，<f>$y$</f>也是</p>"),
    (
        r"Euler \(e^{i\pi}\) here, \(n\) too",
        r"<p>Euler <f>\(e^{i\pi}\)</f> here, <f>\(n\)</f> too</p>",
    ),
    (
        "$$\\begin{aligned}\na &= b\\\\\n&= c\n\\end{aligned}$$\n\nso *done*.",
        "<p><f>$$\\begin{aligned}\na &amp;= b\\\\\n&amp;= c\n\\end{aligned}$$</f></p><p>so <em>done</em>.</p>",
    ),
    ("The sum: $$\nx = 1\n$$", "<p>The sum: <f>$$\nx = 1\n$$</f></p>"),
    (
        "The sum\n$$\nx = 1\n$$ and $$y$$ end.",
        "<p>The sum<f>$$\nx = 1\n$$</f> and <f>$$y$$</f> end.</p>",
    ),
    ("$$\na\n\n- b\n$$\n\n*c*", "<p><f>$$\na\n\n- b\n$$</f></p><p><em>c</em></p>"),
    (
        "So\n\n\\[\na\n+ b\n- c\n= d\n\\]\n\nand on.",
        "<p>So</p><p><f>\\[\na\n+ b\n- c\n= d\n\\]</f></p><p>and on.</p>",
    ),
    (
        "> \\[\n> e^{i\\pi} + 1 = 0\n> \\]\n\nafter",
        "<blockquote><p><f>\\[\ne^{i\\pi} + 1 = 0\n\\]</f></p></blockquote><p>after</p>",
    ),
    ("- a\n  $$\n  x\n  - y\n  $$\n- b", "<ul><li>a<f>$$\nx\n- y\n$$</f></li><li>b</li></ul>"),
    ("| a | b |\n|---|---|\n| $x^2$ | \\(y\\) |", "<td><f>$x^2$</f></td><td><f>\\(y\\)</f></td>"),
    (
        "So:\n\n\\begin{align*}\na &= b \\\\\n\n- c &= d\n\\end{align*}\n\nand $n$.",
        "<p>So:</p><p><f>\\begin{align*}\na &amp;= b \\\\\n\n- c &amp;= d\n\\end{align*}</f></p><p>and <f>$n$</f>.</p>",
    ),
    (
        "- a\n  \\begin{equation}\n  x\n\n  - y\n  \\end{equation}\n- b",
        "<ul><li>a<f>\\begin{equation}\nx\n\n- y\n\\end{equation}</f></li><li>b</li></ul>",
    ),
    (
        r"Where \begin{cases} a \\ b \end{cases} and \begin{align} in words: \begin{itemize}.",
        r"<p>Where <f>\begin{cases} a \\ b \end{cases}</f> and "
        r"\begin{align} in words: \begin{itemize}.</p>",
    ),
    (f"So \\[{LONG}\\] holds.", f"<p>So <f>\\[{LONG}\\]</f> holds.</p>"),
    (f"So \\[\n{LONG}\n\\]", f"<f>\\[\n{LONG}\n\\]</f>"),
    (
        r"Not known: $\ce{H2O}$, $\nope$.",
        r"<p>Not known: <code>$\ce{H2O}$</code>, <code>$\nope$</code>.</p>",
    ),
    (
        r"Dear \[Your Name\], see \[1\] and array\[i\]. \(see below\)",
        "<p>Dear [Your Name], see [1] and array[i]. (see below)</p>",
    ),
    # Tables
    (
        "| N | F |\n|---|---|\n| Bayes | $P(A|B) = P(B|A)$ |\n| Norm | \\(|x|\\) |\n| Or | `a || b` |",
        "<tr><td>Bayes</td><td><f>$P(A|B) = P(B|A)$</f></td></tr>"
        "<tr><td>Norm</td><td><f>\\(|x|\\)</f></td></tr><tr><td>Or</td><td><code>a || b</code></td></tr>",
    ),
    (
        "| $P(A|B)$ | `a|b` |\n|---|---|\n| $P(B|A)$ | $5 |\n| `a || b` | $6 |\n| \\(|x|\\) | c |",
        "<thead><tr><th><f>$P(A|B)$</f></th><th><code>a|b</code></th></tr></thead><tbody>"
        "<tr><td><f>$P(B|A)$</f></td><td>$5</td></tr><tr><td><code>a || b</code></td><td>$6</td></tr>"
        "<tr><td><f>\\(|x|\\)</f></td><td>c</td></tr></tbody>",
    ),
    (
        "| a | b | c |\n|---|---|---|\n| ` | tick | ` |\n| $\\|x\\|$ | $|x|$ | $5 |",
        "<tr><td>`</td><td>tick</td><td>`</td></tr>"
        "<tr><td><f>$|x|$</f></td><td><f>$|x|$</f></td><td>$5</td></tr>",
    ),
    # Code
    (
        "Run this:\n\n    # install\n    pip install x\n\nDone.",
        "<p>Run this:</p><pre><code># install\npip install x</code></pre><p>Done.</p>",
    ),
    (
        "- item\n  ```\n  if (![1, 2].includes(x)) return;\n  ```\n",
        "<ul><li>item<pre><code>if (![1, 2].includes(x)) return;</code></pre></li></ul>",
    ),
    ("``a ` b`` and `$5 :red[a]`", "<p><code>a ` b</code> and <code>$5 :red[a]</code></p>"),
    # Lines
    ("Roses are red,\nViolets are blue,", "<p>Roses are red,<br>Violets are blue,</p>"),
    ("| 1 | mix<br>stir |\n|---|---|\n| a<br/>b | c |", "<th>1</th><th>mix<br>stir</th>"),
    (
        "Here are the points:\n- first\n- second",
        "<p>Here are the points:</p><ul><li>first</li><li>second</li></ul>",
    ),
    (
        "- [ ] **Do it**: now\n- [x] *Done*: it",
        "<ul><li>☐ <strong>Do it</strong>: now</li><li>☑ <em>Done</em>: it</li></ul>",
    ),
    (
        "> [!NOTE]\n> Save first.\n\n> [!WARNING]\n>\n> - a\n\n> [!Other]",
        "<blockquote><p><strong>Note</strong><br>Save first.</p></blockquote>"
        "<blockquote><p><strong>Warning</strong></p><ul><li>a</li></ul></blockquote>"
        "<blockquote><p>[!Other]</p></blockquote>",
    ),
    ("- [ ] to do\n- [x] done", "<ul><li>☐ to do</li><li>☑ done</li></ul>"),
    (
        "<div>HTML</div> &amp; <b>text</b>",
        "<p>&lt;div&gt;HTML&lt;/div&gt; &amp; &lt;b&gt;text&lt;/b&gt;</p>",
    ),
    # Definitions that nothing refers to
    (
        "References:\n\n[^1]: Smith 2020\n[^2]: Doe 2021",
        "<p>References:</p><ol><li><p>Smith 2020</p></li><li><p>Doe 2021</p></li></ol>",
    ),
    (
        '**Sources**\n\n[1]: https://e.org/a "Paper"\n[2]: https://e.org/b',
        "<p><strong>Sources</strong></p><p>[1] <a>Paper</a><br>[2] <a>https://e.org/b</a></p>",
    ),
    (
        "See [the a][a].\n\n[a]: https://e.org\n[b]: https://e.org/b",
        "<p>See <a>the a</a>.</p><p>[b] <a>",
    ),
    # Emphasis beside punctuation, and signs that are none
    (
        "**Note:**text, **5%**of, **Заголовок:**текст, **`a`**b, **[c](https://e.org)**d, **Path:**/usr",
        "<p><strong>Note:</strong>text, <strong>5%</strong>of, <strong>Заголовок:</strong>текст, "
        "<strong><code>a</code></strong>b, <strong><a>c</a></strong>d, <strong>Path:</strong>/usr</p>",
    ),
    (
        "~~「A」~~は _「B」_は ~~a.~~b 变量_名_称",
        "<p><s>「A」</s>は <em>「B」</em>は <s>a.</s>b 变量_名_称</p>",
    ),
    (
        "src/**/*.ts and lib/*.ts, **/*.js and **/*.ts, a/*/b and c/*/d, 2*π*r and а*б*в, 2**(n-1)**",
        "<p>src/**/*.ts and lib/*.ts, **/*.js and **/*.ts, a/*/b and c/*/d, 2*π*r and а*б*в, "
        "2**(n-1)**</p>",
    ),
    (
        "**/etc/hosts**, **src/** and **Pros**/**Cons**",
        "<p><strong>/etc/hosts</strong>, <strong>src/</strong> and "
        "<strong>Pros</strong>/<strong>Cons</strong></p>",
    ),
    # URLs in other scripts
    (
        "https://e.org/a، ثم https://e.org/b؟ «https://e.org/c» https://e.org/d। https://e.org/e—f",
        "<p><a>https://e.org/a</a>، ثم <a>https://e.org/b</a>؟ «<a>https://e.org/c</a>» "
        "<a>https://e.org/d</a>। <a>https://e.org/e</a>—f</p>",
    ),
    ("https://e.org/a✅ https://e.org/b→", "<a>https://e.org/a</a>✅ <a>https://e.org/b</a>→"),
    # Spaces beside dollar signs
    (
        r"So $\frac{a}{b} $ holds, and $ \alpha$ is $ 500 - $ 1000, $ 5 = € 4, $ 6 = € 5.",
        r"<p>So <f>$\frac{a}{b} $</f> holds, and <f>$ \alpha$</f> is $ 500 - $ 1000, $ 5 = € 4, "
        "$ 6 = € 5.</p>",
    ),
    # Environments without delimiters
    (
        r"So \begin{alignat}{2} a &= b \end{alignat} and \begin{dcases} a \\ b \end{dcases}.",
        r"<p>So <f>\begin{alignat}{2} a &amp;= b \end{alignat}</f> and "
        r"<f>\begin{dcases} a \\ b \end{dcases}</f>.</p>",
    ),
    # Tables whose columns were miscounted
    (
        "| a | b | c |\n|--:|---|\n| 1 | 2 | 3 |",
        "<tr><th>a</th><th>b</th><th>c</th></tr></thead><tbody><tr><td>1</td><td>2</td><td>3</td></tr>",
    ),
    ("| a | b |\n|---|---|---|\n| 1 | 2 |", "<tr><th>a</th><th>b</th></tr>"),
    (
        "> a | b\n> ---|---\n> 1 | 2 | `x|y` | 3 |\n> | 4 |\n\na | b",
        "<tr><td>1</td><td>2 | <code>x|y</code> | 3</td></tr><tr><td>4</td><td></td></tr>"
        "</tbody></table></blockquote><p>a | b</p>",
    ),
    ("```\n| a | b | c |\n|---|---|\n```", "<pre><code>| a | b | c |\n|---|---|</code></pre>"),
    # A line of dashes
    (
        "It is a sentence.\n---\nThe next.\n\n12\n× 3\n----\n36",
        "<p>It is a sentence.</p><hr><p>The next.</p><p>12<br>× 3</p><hr><p>36</p>",
    ),
    # Markdown in a fence
    (
        "```markdown\n# My project\n```bash\nnpm i\n```\n## Use\n```\n\nI hope this *helps*!",
        "<pre><code># My project\n```bash\nnpm i\n```\n## Use</code></pre>"
        "<p>I hope this <em>helps</em>!</p>",
    ),
    ("- [docs](https://e.org) then [x] here", "<li><a>docs</a> then [x] here</li>"),
    ("# One\n\n## Two\n\nThree\n-----", "<h3>One</h3><h4>Two</h4><h4>Three</h4>"),
]
IDS = [text[:30] for text, _ in CASES]


def outline(html: str) -> str:
    """HTML without attributes, wrappers and buttons, and formulas as `<f>TeX</f>`."""
    html = re.sub(r"<math.*?</math>", "", html, flags=re.DOTALL)
    html = re.sub(
        r'<span class="formula[^>]*><span class="tex">(.*?)</span></span>', r"<f>\1</f>", html
    )
    html = re.sub(r"<button.*?</button>|</?div[^>]*>|</?span[^>]*>", "", html)
    return re.sub(r"<(\w+) [^>]*>", r"<\1>", html).replace("&#10;", "\n")


@pytest.mark.parametrize(("text", "html"), CASES, ids=IDS)
def test_whole(text: str, html: str) -> None:
    """A whole text is shown as it was meant."""
    assert html in outline("".join(block.html for block in render_blocks(text)))


@pytest.mark.parametrize(("text", "html"), CASES, ids=IDS)
def test_export(text: str, html: str) -> None:
    """A file says what the screen says, with formulas in place and no buttons."""
    page = render_html(text)
    assert html in outline(page.replace("</p>\n<", "</p><").replace(">\n<", "><"))
    assert visible(page) == visible(*[block.html for block in render_blocks(text)])
    assert "<button" not in page
    assert page.count("<math") == "".join(b.html for b in render_blocks(text)).count("data-mathml")


@pytest.mark.parametrize(("text", "html"), CASES, ids=IDS)
def test_growing(text: str, html: str) -> None:
    """Whatever is seen while a text grows is what is seen at its end: no mark comes and goes."""
    end = visible(*[block.html for block in render_blocks(text)])
    seen = ""
    for shown in grow(text):
        before, seen = seen, visible(*shown)
        assert end.startswith(seen)
        assert len(seen) >= len(before)
