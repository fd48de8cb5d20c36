"""Trees of every statement, and of expressions."""

import pytest

from storchc.diagnostics.diagnostic import Problems
from storchc.source import Source, Span
from storchc.syntax import tree
from storchc.syntax.parser import parse, parse_expression, parse_method
from storchc.syntax.tree import (
    Attribute,
    Binary,
    Call,
    Carried,
    Conditional,
    Constant,
    Dots,
    Index,
    Keyword,
    ListOf,
    Name,
    Number,
    Slice,
    TensorType,
    Text,
    TupleType,
    Unary,
)
from tests.syntax.stories import STORY

AT = Span(0, 0)  # places take no part in equality


def name(text: str) -> Name:
    return Name(text, AT)


def number(value: float) -> Number:
    return Number(value, AT)


def shape(*sizes: tree.Expression) -> TensorType:
    return TensorType(sizes, "float", AT)


def call(function: str, *args: tree.Expression, **keywords: tree.Expression) -> Call:
    given = tuple(Keyword(name(key), value, AT) for key, value in keywords.items())
    return Call(name(function), args, given, AT)


K, X, Q, Z = name("K"), name("x"), name("q"), name("z")


def story(text: str) -> tree.Story:
    problems = Problems()
    found = parse(Source("test.story", text), problems)
    assert problems.found == []
    assert found is not None
    return found


def statement(text: str) -> tree.Declaration | tree.Step:
    found = story(f"story Test\n{text}\n")
    (only,) = found.declarations + found.steps
    return only


def expression(text: str) -> tree.Expression:
    problems = Problems()
    found = parse_expression(text, problems)
    assert problems.found == []
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dim K = 2", tree.Dim(K, number(2), AT)),
        ("dim K", tree.Dim(K, None, AT)),
        ("plate x", tree.Plate(X, "mean", AT)),
        ("plate x sum", tree.Plate(X, "sum", AT)),
        ("plate sum sum", tree.Plate(name("sum"), "sum", AT)),
        ("input x", tree.Input(X, (), "float", AT)),
        ("input x[]", tree.Input(X, (), "float", AT)),
        ("input x: int", tree.Input(X, (), "int", AT)),
        ("input x[K, 3]: bool", tree.Input(X, (K, number(3)), "bool", AT)),
        ("param x = 1", tree.Param(X, (), number(1), AT)),
        ("param x[K] = zeros()", tree.Param(X, (K,), call("zeros"), AT)),
        (
            "module x: [K] -> []",
            tree.Module(X, frozenset(), (shape(K),), (shape(),), None, AT),
        ),
        (
            "module x nondiff: [K], ([K],) -> [] = nn.Linear(K, 3)",
            tree.Module(
                X,
                frozenset({"nondiff"}),
                (shape(K), TupleType((shape(K),), AT)),
                (shape(),),
                call("nn.Linear", K, number(3)),
                AT,
            ),
        ),
        (
            "function x stateful batched: [K]: int -> [K], [] = a.b",
            tree.Function(
                X,
                frozenset({"stateful", "batched"}),
                (TensorType((K,), "int", AT),),
                (shape(K), shape()),
                name("a.b"),
                AT,
            ),
        ),
        ("use a.b: x", tree.Use(name("a.b"), X, AT)),
        ("compute x = K", tree.Compute((X,), K, AT)),
        ("compute x, z = K", tree.Compute((X, Z), K, AT)),
        ("sample z ~ q", tree.Sample(Z, Q, (), None, None, None, AT)),
        ("sample z ~ q each x", tree.Sample(Z, Q, (X,), None, None, None, AT)),
        (
            "sample z ~ q each x, each with M(n=2) in x",
            tree.Sample(Z, Q, (X, name("each")), call("M", n=number(2)), None, X, AT),
        ),
        (
            "sample each ~ each each each",
            tree.Sample(name("each"), name("each"), (name("each"),), None, None, None, AT),
        ),
        ("sample z ~ q in x", tree.Sample(Z, Q, (), None, None, X, AT)),
        (
            "sample z ~ q with M(n=2) using S() in x",
            tree.Sample(Z, Q, (), call("M", n=number(2)), call("S"), X, AT),
        ),
        ("cost x", tree.Cost(X, None, AT)),
        ("cost cost = x", tree.Cost(name("cost"), X, AT)),
        ("observe x ~ q", tree.Observe(X, X, Q, AT)),
        ("observe x = z ~ q", tree.Observe(X, Z, Q, AT)),
        ("report x", tree.Report(X, None, AT)),
        ("report x = z", tree.Report(X, Z, AT)),
    ],
)
def test_statements(text: str, expected: tree.Declaration | tree.Step) -> None:
    assert statement(text) == expected


@pytest.mark.parametrize("carried", ["from x = K, z = q", "from (x = K,\n  z = q,)"])
def test_loop(carried: str) -> None:
    found = statement(f"for t in range(K) {carried}:\n  cost x\n  stop when alive")
    start = (Carried(X, K, AT), Carried(Z, Q, AT))
    body = (tree.Cost(X, None, AT), tree.StopWhen(name("alive"), AT))
    assert found == tree.For(name("t"), K, start, body, AT, AT)


A, B, C = name("a"), name("b"), name("c")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b * c", Binary("+", A, Binary("*", B, C, AT), AT)),
        ("(a + b) * c", Binary("*", Binary("+", A, B, AT), C, AT)),
        ("a - b - c", Binary("-", Binary("-", A, B, AT), C, AT)),
        ("a ** b ** c", Binary("**", A, Binary("**", B, C, AT), AT)),
        ("-a ** -b", Unary("-", Binary("**", A, Unary("-", B, AT), AT), AT)),
        ("a // b @ c % a", Binary("%", Binary("@", Binary("//", A, B, AT), C, AT), A, AT)),
        ("not a == b", Unary("not", Binary("==", A, B, AT), AT)),
        ("a or b and c", Binary("or", A, Binary("and", B, C, AT), AT)),
        ("a if b else c", Conditional(A, B, C, AT)),
        ("a if b else c if a else b", Conditional(A, B, Conditional(C, A, B, AT), AT)),
        ("a.b.c", Attribute(Attribute(A, B, AT), C, AT)),
        ("a(b, c=a)", call("a", B, c=A)),
        ("a(dim=b, cost=c,)", call("a", dim=B, cost=C)),
        ("a.b(c)[0].b", Attribute(Index(call("a.b", C), (number(0),), AT), B, AT)),
        ("a[..., b, -1]", Index(A, (Dots(AT), B, Unary("-", number(1), AT)), AT)),
        ("a[:]", Index(A, (Slice(None, None, None, AT),), AT)),
        ("a[b:c:a]", Index(A, (Slice(B, C, A, AT),), AT)),
        ("a[::b]", Index(A, (Slice(None, None, B, AT),), AT)),
        ("a[b:]", Index(A, (Slice(B, None, None, AT),), AT)),
        ("[]", ListOf((), AT)),
        ("[a, [b],]", ListOf((A, ListOf((B,), AT)), AT)),
        ("pi", Constant("pi", AT)),
        ("pie", name("pie")),
        ("notable", name("notable")),
        ("alive", name("alive")),
        (r'"a\n\"\\" ', Text('a\n"\\', AT)),
        ("'#'", Text("#", AT)),
    ],
)
def test_expressions(text: str, expected: tree.Expression) -> None:
    assert expression(text) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [("1_000", 1000), ("007", 7), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("1_0.0_1", 10.01)],
)
def test_numbers(text: str, value: float) -> None:
    found = expression(text)
    assert isinstance(found, Number)
    assert (type(found.value), found.value) == (type(value), value)


def test_methods() -> None:
    problems = Problems()
    assert parse_method("M(n=2) using S()", problems) == (call("M", n=number(2)), call("S"))
    assert parse_method("M()", problems) == (call("M"), None)
    assert problems.found == []
    assert parse_method("M", problems) == (None, None)
    assert [problem.code for problem in problems.found] == ["S126"]


def test_places_cover_the_text() -> None:
    text = "story Test\ncompute y = f(a + (b), c=2) if a else x[1:2].b\n"
    (step,) = story(text).steps
    assert isinstance(step, tree.Compute)
    source = Source("test", text)
    assert source.cut(step.span) == text.splitlines()[1]
    assert isinstance(step.value, Conditional)
    assert source.cut(step.value.then.span) == "f(a + (b), c=2)"
    assert isinstance(step.value.then, Call)
    assert source.cut(step.value.then.args[0].span) == "a + (b)"
    assert source.cut(step.value.then.keywords[0].span) == "c=2"
    assert source.cut(step.value.otherwise.span) == "x[1:2].b"


def test_header_of_a_loop() -> None:
    text = "story Test\nfor t in range(3) from a = 0:\n    cost x\n\n# end\n"
    (loop,) = story(text).steps
    assert isinstance(loop, tree.For)
    source = Source("test", text)
    assert source.cut(loop.header) == "for t in range(3) from a = 0:"
    assert source.cut(loop.span).endswith("cost x")


def test_docstring_is_raw() -> None:
    assert story('story Test\n"""a \\n "b"\n  c"""  # why\ncost x').doc == 'a \\n "b"\n  c'


@pytest.mark.parametrize("doc", ["", "a", 'say "a"', 'say ""', '"', "'"])
def test_docstring_with_quotes(doc: str) -> None:
    assert story(f'story Test\n"""{doc}"""\ncost x').doc == doc


def test_kinds_of_declarations_are_sorted() -> None:
    found = story("story Test\ninput x\ninput a\nplate b\ndim K = 2\ncost x")
    assert [type(node).__name__ for node in found.declarations] == [
        "Dim",
        "Plate",
        "Input",
        "Input",
    ]
    assert [node.name.id for node in found.declarations[2:]] == ["x", "a"]


def test_everything() -> None:
    found = story(STORY)
    assert len(found.declarations) == 15
    assert len(found.steps) == 12
    assert found.doc is not None
