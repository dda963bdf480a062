"""Formulas: which are known, what goes out, and that copying one gives its TeX."""

import re
from html import unescape
from xml.etree import ElementTree

import pytest

from lib.markdown import render_blocks, render_html
from lib.markdown.mathml import to_mathml

KINDS = r"""
\frac{a}{b}
\sqrt{x^2+y^2}
\sqrt[3]{8}
\int_0^\infty e^{-x^2}\,dx = \frac{\sqrt{\pi}}{2}
\lim_{x\to 0}\frac{\sin x}{x}=1
\begin{pmatrix} a & b \\ c & d \end{pmatrix}
\begin{vmatrix} a & b \\ c & d \end{vmatrix}
\begin{cases} x & x>0 \\ -x & \text{otherwise} \end{cases}
\begin{aligned} a &= b + c \\ &= d \end{aligned}
\begin{align*} a &= b \\ c &= d \end{align*}
\begin{equation} E = mc^2 \end{equation}
\begin{gather} a=b \\ c=d \end{gather}
\begin{split} a &= b \\ &= c \end{split}
\begin{matrix} 1 & 2 \\ 3 & 4 \end{matrix}
\begin{smallmatrix} a & b \\ c & d \end{smallmatrix}
\mathcal{L}(\theta)
\mathbf{x}^\top \mathbf{W}
\mathrm{softmax}(z_i) = \frac{e^{z_i}}{\sum_j e^{z_j}}
\operatorname*{arg\,max}_{\theta}
\hat{y}
\bar{x}
\tilde{x}
\dot{x}
\ddot{x}
\underline{x}
\widehat{ABC}
\widetilde{x}
\underbrace{a+b}_{n}
\overbrace{a+b}^{n}
\left( \frac{a}{b} \right)
\left\lvert x \right\rvert
\left\lfloor x \right\rfloor
\lceil x \rceil
\Bigl[ x \Bigr]
\nabla \cdot \mathbf{E} = \frac{\rho}{\varepsilon_0}
\partial_t u
\iint_D f\,dA
\oint_C \mathbf{F}\cdot d\mathbf{r}
\prod_{k=1}^n
\dbinom{n}{k}
\tbinom{n}{k}
\tfrac12
\cfrac{1}{1+\cfrac{1}{2}}
x \in A \cup B \cap C
A \subseteq B
p \implies q
a \iff b
a \to b
x \leq y \geq z \neq w
\approx \equiv \sim \propto
\pm \mp \times \div \cdot
\ldots \cdots \vdots \ddots
\alpha\beta\gamma\delta\epsilon\varepsilon\theta\lambda\mu\pi\sigma\phi\varphi\omega
\Gamma\Delta\Theta\Lambda\Sigma\Phi\Omega
\textbf{bold}
\textit{it}
\boxed{x = 5}
\color{red}{x}
\textcolor{blue}{x}
x_{\text{max}}
f'(x)
f''(x)
\log_2 n
\exp(x)
\max_{i} x_i
\min
\dim V
\ker T
\gcd(a,b)
a \bmod n
O(n \log n)
\mathcal{O}(n^2)
\mathbb{E}[X]
\operatorname{Var}(X)
X \sim \mathcal{N}(\mu,\sigma^2)
\ce{H2O}
\ce{2H2 + O2 -> 2H2O}
\SI{5}{\meter}
10^{-3}\ \text{kg}
90^\circ
\angle ABC
\parallel \perp
\Re(z)
\Im(z)
\ell
\dagger
A^{\dagger}
\phi \rangle
\ket{\psi}
\bra{\phi}
\lVert x \rVert
\mathop{\mathrm{argmin}}_x
\sum_{\substack{i<j \\ j<n}} x
\xleftarrow{g}
\overset{!}{=}
\underset{x}{\min}
\mathfrak{g}
\mathscr{F}
\mathsf{P}
\boldsymbol{\theta}
\bm{x}
\not=
\emptyset
\varnothing
\setminus
\because
\checkmark
\blacksquare
\Box
\quad \qquad \; \, \!
\phantom{x}
E = mc^2 \tag{1}
\sum\limits_{i}
{n \choose k}
\mathrm{d}x
\,\text{d}x
\%
\$5
\#
\&
x_1, x_2, \dots, x_n
1{,}000
\mathbf{A} = \left[\begin{array}{ccc} 1 & 2 & 3 \\ 4 & 5 & 6 \end{array}\right]
\mathrm{P}(A \mid B) = \frac{\mathrm{P}(B \mid A)\,\mathrm{P}(A)}{\mathrm{P}(B)}
\bigcup_{i} A_i
\bigoplus
\wedge \vee \neg \oplus \otimes
\models \vdash
\lesssim \gtrsim
\cong
\simeq
\doteq
:=
\coloneqq
\mathring{A}
\check{a}
\breve{a}
\grave{a}
\begin{alignat*}{2} a &= b & c &= d \end{alignat*}
\begin{flalign} a &= b \end{flalign}
\hspace*{1em}
\dotsb \dotsc \dotsi
A \smallsetminus B
\textnormal{abc}
\mbox{text}
\hbox{text}
\textrm{abc}
\texttt{abc}
\operatorname{ReLU}(x) = \max(0,x)
\begin{multline} a \\ b \end{multline}
\begin{dcases} x \end{dcases}
\begin{rcases} x \end{rcases}
\left\langle x \right\rangle
\text{price: } \$5
\sin^2\theta + \cos^2\theta = 1
e^{i\pi}+1=0
\mathbf{F} = q(\mathbf{E} + \mathbf{v} \times \mathbf{B})
\begin{array}{c|c} a & b \\ \hline c & d \end{array}
\left.\frac{df}{dx}\right|_{x=0}
P(A|B) = \frac{P(A \cap B)}{P(B)}
""".strip().splitlines()
UNKNOWN = [r"\ce{H2O}", r"\ce{2H2 + O2 -> 2H2O}", r"\SI{5}{\meter}"]


def test_share() -> None:
    """Of the kinds of formulas that models write at least 97 % are shown as formulas."""
    unknown = [tex for tex in KINDS if not to_mathml(tex, display=True)]
    assert unknown == UNKNOWN
    assert len(unknown) < 0.03 * len(KINDS)


@pytest.mark.parametrize(
    ("tex", "shown"),
    [
        (r"\text{a_b & 5% of #1}", "a_b & 5% of #1"),
        (r"\text{5\% of it}", "5% of it"),
        (r"\texttt{a\_b {c_d}}", "a_b c_d"),
        (r"\text{for $5 or \$6}", "for $5 or $6"),
        (r"\text{if $x_{1}>0$ holds}", "if x1>0 holds"),
        (r"\begin{aligned} a \tag{1} \\ b \tag{2} \end{aligned}", "a(1)b(2)"),
        (r"\begin{gathered} a \tag{1} \\ b \end{gathered}", "a(1)b"),
        (r"\begin{aligned} a \\ b \end{aligned} \tag{1}", "ab(1)"),
        (r"\begin{alignedat}{2} a &= b \end{alignedat}", "a=b"),
        (r"\label{eq:1} x", "x"),
        (r"\left< x \right>", "⟨x⟩"),
        (r"\Large x {\small y}", "xy"),
        (r"\begin{aligned}[t] a &= b \\[4pt] c &= d \end{aligned}", "a=bc=d"),
        (r"\begin{cases} a \\* b \end{cases}", "{ab\u2063"),
        (r"\begin{matrix} a \\ [b] \end{matrix}", "a[b]"),
        (r"25% \times 80 = 20\%", "25%×80=20%"),
        (r"\frac{50%}{100 %}", "50%100%"),
        ("a % comment\n+ b", "a+b"),
        (r"a = b \tag{★}", "a=b(★)"),
        (r"a = b \tag*{1'}", "a=b1’"),
        (r"\begin{array}{@{}l|*{2}{c}@{}} a & b & c \end{array}", "abc"),
        (r"\begin{array}{} a \end{array}", "a"),
        (r"\textcolor{#f00}{x} + \color[HTML]{FF0000}{y}", "x+y"),
        (r"√2 + √{x}", "2+x"),
        (r"\begin{eqnarray} a &=& b \end{eqnarray}", "a=b"),
        (r"\begin{equation} a = b \end{equation}", "a=b"),
        (r"\begin{align} a &= b \\ c &= d \tag{7} \end{align}", "a=bc=d(7)"),
        (r"\begin{pmatrix*}[r] 1 \\ -1 \end{pmatrix*}", "(1−1)"),
    ],
)
def test_words(tex: str, shown: str) -> None:
    """What the converter does not know is shown as what is meant by it."""
    mathml = ElementTree.fromstring(to_mathml(tex, display=True))
    assert "".join(mathml.itertext()).replace("\xa0", " ") == shown


@pytest.mark.parametrize(
    ("tex", "rows"),
    [
        (r"x = 1 \\ y = 2", 2),
        ("x &= 1 \\\\\n  &= 2 \\\\", 2),
        (r"\begin{cases} a \\ b \end{cases} \\ c", 4),
        (r"\left( \begin{matrix} a \\ b \end{matrix} \right)", 2),
        (r"\frac{a}{b}", 0),
    ],
)
def test_rows(tex: str, rows: int) -> None:
    r"""A `\\` outside of all environments begins a row."""
    assert to_mathml(tex, display=True).count("<mtr>") == rows


@pytest.mark.parametrize("display", [True, False])
def test_mathml(display: bool) -> None:
    """MathML consists of its own elements, says nothing in red, and links to nothing."""
    for tex in KINDS:
        mathml = to_mathml(tex, display=display)
        if mathml:
            for element in ElementTree.fromstring(mathml).iter():
                assert re.fullmatch("math|m[a-z]+|none", element.tag)
                assert not {"href", "class", "id", "onclick", "src"} & element.attrib.keys()
                assert "url" not in element.get("style", "")


@pytest.mark.parametrize(
    "tex",
    [
        r"\text{<img src=x onerror=alert(1)>}",
        r"\text{</span><script>alert(1)</script>}",
        r"\href{javascript:alert(1)}{x}",
        r"\style{background:url(//evil.example)}{x}",
        r"\class{a}{x}",
        r"\color{red;background:url(x)}{x}",
        r"\hspace{99999em}",
        r"\newcommand{\a}{\a\a}\a",
        r"\newcommand{\a}{x x x x x x}" + r"\a" * 50,
        "{" * 10_000 + "}" * 10_000,
        r"\frac" * 3_000,
        r"\left(" * 2_000,
        r"\begin{matrix}" * 300,
        "\x00\ud800",
        "x" * 20_000,
    ],
    ids=lambda tex: tex[:20],
)
def test_hostile(tex: str) -> None:
    """A formula brings no markup in and costs little, or stays its source."""
    mathml = to_mathml(tex, display=False)
    for element in ElementTree.fromstring(mathml).iter() if mathml else ():
        assert re.fullmatch("math|m[a-z]+", element.tag)
    for html in (render_html(f"${tex[:900]}$"), render_blocks(f"${tex[:900]}$")[0].html):
        assert "<script" not in html
        assert "<img" not in html


def test_copied() -> None:
    """Copying takes the TeX as it was written, and the MathML waits beside it for the script."""
    (block,) = render_blocks(r"\(a < b\)")
    assert r'<span class="tex">\(a &lt; b\)</span>' in block.html
    data = re.search('data-mathml="([^"]*)"', block.html)
    assert data is not None
    assert unescape(data[1]) == "<math><mi>a</mi><mo>&lt;</mo><mi>b</mi></math>"
    assert render_blocks("$$x$$")[0].html.count('class="formula display"') == 1
