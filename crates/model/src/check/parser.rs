//! Reads an expression as the server deparses it, with or without the
//! parentheses that pretty-printing leaves out (operator precedence: manual,
//! 4.1.6). What it does not know it refuses; it never skips anything.

use super::constant;
use super::expression::{Comparison, Expression, Matching, Operation, Sort, Value};
use super::lexer::{CAST, Placed, Token, words};
use crate::decimal::Decimal;

/// Deeper nesting is refused: nobody writes it, and the stack is finite.
const DEEPEST: usize = 120;

/// Finds the place of a column by its name; `value` in a domain's condition.
pub(crate) type Resolver<'a> = &'a dyn Fn(&str) -> Option<usize>;

/// The tree of an expression; nothing if any part of it is not understood.
pub(crate) fn parse(source: &str, columns: Resolver<'_>) -> Option<Expression> {
    let words = words(source)?;
    let mut parser = Parser { words: &words, at: 0, depth: 0, columns };
    let found = parser.or()?;
    (parser.at == words.len()).then_some(found)
}

struct Parser<'a> {
    words: &'a [Placed],
    at: usize,
    depth: usize,
    columns: Resolver<'a>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.words.get(self.at).map(|placed| &placed.token)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(found)) if found == word)
    }

    fn is_mark(&self, mark: char) -> bool {
        matches!(self.peek(), Some(Token::Mark(found)) if *found == mark)
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    fn mark(&mut self, mark: char) -> bool {
        let found = self.is_mark(mark);
        self.at += usize::from(found);
        found
    }

    /// The words one after the other, or none of them.
    fn all(&mut self, words: &[&str]) -> bool {
        let start = self.at;
        let found = words.iter().all(|word| self.word(word));
        if !found {
            self.at = start;
        }
        found
    }

    fn operator(&mut self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        match self.peek() {
            Some(Token::Operator(found)) if wanted(found) => {
                let found = found.clone();
                self.at += 1;
                Some(found)
            }
            _ => None,
        }
    }

    fn or(&mut self) -> Option<Expression> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut parts = vec![self.and()?];
        while self.word("or") {
            parts.push(self.and()?);
        }
        self.depth -= 1;
        Some(if parts.len() == 1 { parts.remove(0) } else { Expression::Or(parts) })
    }

    fn and(&mut self) -> Option<Expression> {
        let mut parts = vec![self.not()?];
        while self.word("and") {
            parts.push(self.not()?);
        }
        Some(if parts.len() == 1 { parts.remove(0) } else { Expression::And(parts) })
    }

    fn not(&mut self) -> Option<Expression> {
        let mut negated = false;
        while self.word("not") {
            negated = !negated;
        }
        let found = self.is()?;
        Some(if negated { Expression::Not(Box::new(found)) } else { found })
    }

    fn is(&mut self) -> Option<Expression> {
        let mut found = self.comparison()?;
        while self.word("is") {
            let negated = self.word("not");
            let subject = Box::new(found);
            let made = if self.word("null") {
                Expression::IsNull(subject)
            } else if self.word("true") {
                Expression::Is(subject, true)
            } else if self.word("false") {
                Expression::Is(subject, false)
            } else if self.word("unknown") {
                Expression::IsNull(subject)
            } else if self.all(&["distinct", "from"]) {
                Expression::Distinct(subject, Box::new(self.comparison()?))
            } else {
                return None;
            };
            found = if negated { Expression::Not(Box::new(made)) } else { made };
        }
        Some(found)
    }

    fn comparison(&mut self) -> Option<Expression> {
        let left = self.other()?;
        let Some(operator) = self.operator(|found| comparison(found).is_some()) else {
            return Some(left);
        };
        let comparison = comparison(&operator)?;
        if let Some(all) = self.quantifier() {
            return self.quantified(left, &operator, all);
        }
        let right = self.other()?;
        Some(compare(comparison, left, right))
    }

    fn quantifier(&mut self) -> Option<bool> {
        if self.word("any") {
            return Some(false);
        }
        self.word("all").then_some(true)
    }

    /// `x op ANY (array)`, `x op ALL (array)`.
    fn quantified(&mut self, left: Expression, operator: &str, all: bool) -> Option<Expression> {
        let elements = elements(self.parenthesised()?)?;
        match (operator, all) {
            ("=", false) => return Some(Expression::In(Box::new(left), elements)),
            ("<>", true) => {
                return Some(Expression::Not(Box::new(Expression::In(Box::new(left), elements))));
            }
            _ => {}
        }
        let each = elements
            .into_iter()
            .map(|element| match comparison(operator) {
                Some(comparison) => Some(compare(comparison, left.clone(), element)),
                None => infix(operator, left.clone(), element),
            })
            .collect::<Option<Vec<_>>>()?;
        Some(if all { Expression::And(each) } else { Expression::Or(each) })
    }

    fn parenthesised(&mut self) -> Option<Expression> {
        if !self.mark('(') {
            return None;
        }
        let inner = self.or()?;
        self.mark(')').then_some(inner)
    }

    /// Operators that are neither comparisons nor arithmetic.
    fn other(&mut self) -> Option<Expression> {
        let mut found = self.sum()?;
        while let Some(operator) = self.operator(|found| {
            comparison(found).is_none() && !matches!(found, "+" | "-" | "*" | "/" | "%" | "^")
        }) {
            found = match self.quantifier() {
                Some(all) => self.quantified(found, &operator, all)?,
                None => {
                    let right = self.sum()?;
                    infix(&operator, found, right)?
                }
            };
        }
        Some(found)
    }

    fn sum(&mut self) -> Option<Expression> {
        let mut found = self.product()?;
        while let Some(operator) = self.operator(|found| matches!(found, "+" | "-")) {
            let operation = if operator == "+" { Operation::Plus } else { Operation::Minus };
            let right = Box::new(self.product()?);
            found = Expression::Arithmetic(operation, Box::new(found), right);
        }
        Some(found)
    }

    fn product(&mut self) -> Option<Expression> {
        let mut found = self.sign()?;
        while let Some(operator) = self.operator(|found| matches!(found, "*" | "/" | "%")) {
            let operation = match operator.as_str() {
                "*" => Operation::Times,
                "/" => Operation::Over,
                _ => Operation::Modulo,
            };
            let right = Box::new(self.sign()?);
            found = Expression::Arithmetic(operation, Box::new(found), right);
        }
        Some(found)
    }

    fn sign(&mut self) -> Option<Expression> {
        if self.operator(|found| found == "-").is_some() {
            return Some(match self.cast()? {
                Expression::Constant(Value::Number(number), sort) => {
                    Expression::Constant(Value::Number(number.negated()), sort)
                }
                other => Expression::Negative(Box::new(other)),
            });
        }
        self.cast()
    }

    fn cast(&mut self) -> Option<Expression> {
        let mut found = self.primary()?;
        loop {
            if self.mark(CAST) {
                let sort = self.type_name()?;
                found = constant::cast(found, sort);
            } else if self.word("collate") {
                // Says how texts are ordered, which nothing here decides.
                self.name()?;
                while self.mark('.') {
                    self.name()?;
                }
            } else if self.is_mark('[') || self.is_word("at") {
                return None;
            } else {
                return Some(found);
            }
        }
    }

    fn name(&mut self) -> Option<String> {
        let found = match self.peek()? {
            Token::Word(name) | Token::Quoted(name) => name.clone(),
            _ => return None,
        };
        self.at += 1;
        Some(found)
    }

    fn type_name(&mut self) -> Option<Sort> {
        let mut name = self.name()?;
        while self.mark('.') {
            name = self.name()?;
        }
        for next in ["precision", "varying"] {
            if self.word(next) {
                name = format!("{name} {next}");
            }
        }
        if self.mark('(') {
            while matches!(
                self.peek(),
                Some(Token::Number(_) | Token::Mark(',')) | Some(Token::Operator(_))
            ) {
                self.at += 1;
            }
            if !self.mark(')') {
                return None;
            }
        }
        if self.all(&["with", "time", "zone"]) {
            name.push_str(" with time zone");
        } else {
            let _ = self.all(&["without", "time", "zone"]);
        }
        let mut sort = constant::sort(&name);
        while self.mark('[') {
            if !self.mark(']') {
                return None;
            }
            sort = Sort::Array(Box::new(sort));
        }
        Some(sort)
    }

    fn primary(&mut self) -> Option<Expression> {
        if self.is_mark('(') {
            return self.parenthesised();
        }
        match self.peek()?.clone() {
            Token::Number(text) => {
                self.at += 1;
                let number = Decimal::parse(&text)?;
                let sort = Sort::Number(!text.contains(['.', 'e', 'E']));
                Some(Expression::Constant(Value::Number(number), sort))
            }
            Token::Text(text) => {
                self.at += 1;
                Some(Expression::Constant(Value::Text(text), Sort::Text))
            }
            Token::Word(word) => {
                self.at += 1;
                match self.keyword(&word) {
                    Some(known) => known,
                    None => self.named(word),
                }
            }
            Token::Quoted(name) => {
                self.at += 1;
                self.named(name)
            }
            Token::Operator(_) | Token::Mark(_) => None,
        }
    }

    /// What a keyword begins; the outer absence: it is none.
    fn keyword(&mut self, word: &str) -> Option<Option<Expression>> {
        let boolean = |value| Some(Some(Expression::Constant(Value::Bool(value), Sort::Bool)));
        match word {
            "null" => Some(Some(Expression::Null)),
            "true" => boolean(true),
            "false" => boolean(false),
            "current_date" => Some(Some(Expression::Now(Sort::Date))),
            "current_timestamp" => Some(Some(Expression::Now(Sort::Timestamptz))),
            "localtimestamp" => Some(Some(Expression::Now(Sort::Timestamp))),
            "case" => Some(self.case()),
            "array" if self.is_mark('[') => {
                self.at += 1;
                Some(self.list(']').map(Expression::Array))
            }
            "extract" if self.is_mark('(') => Some(self.extract()),
            "trim" if self.is_mark('(') => Some(self.trim()),
            "substring" if self.is_mark('(') => Some(self.substring()),
            // What they mean is not known here.
            "row" | "exists" | "select" | "overlay" | "position" | "cast" | "grouping"
                if self.is_mark('(') =>
            {
                Some(None)
            }
            _ => None,
        }
    }

    fn list(&mut self, end: char) -> Option<Vec<Expression>> {
        let mut found = Vec::new();
        if self.mark(end) {
            return Some(found);
        }
        loop {
            found.push(self.or()?);
            if self.mark(end) {
                return Some(found);
            }
            if !self.mark(',') {
                return None;
            }
        }
    }

    fn named(&mut self, first: String) -> Option<Expression> {
        let mut path = vec![first];
        while self.mark('.') {
            path.push(self.name()?);
        }
        let last = path.last()?.clone();
        if !self.mark('(') {
            return (self.columns)(&last).map(Expression::Column);
        }
        let arguments = self.list(')')?;
        let catalogue = path.len() == 1 || path[0] == "pg_catalog";
        if !catalogue {
            return Some(Expression::Call(path.join("."), arguments));
        }
        call(last, arguments)
    }

    fn case(&mut self) -> Option<Expression> {
        let subject = if self.is_word("when") { None } else { Some(self.or()?) };
        let mut arms = Vec::new();
        while self.word("when") {
            let condition = self.or()?;
            if !self.word("then") {
                return None;
            }
            let condition = match &subject {
                Some(subject) => compare(Comparison::Equal, subject.clone(), condition),
                None => condition,
            };
            arms.push((condition, self.or()?));
        }
        let otherwise = if self.word("else") { self.or()? } else { Expression::Null };
        self.word("end").then(|| Expression::Case(arms, Box::new(otherwise)))
    }

    /// `EXTRACT(year FROM x)`, as from PostgreSQL 14 on.
    fn extract(&mut self) -> Option<Expression> {
        self.at += 1;
        let field = self.name()?;
        if !self.word("from") {
            return None;
        }
        let subject = self.or()?;
        let field = Expression::Constant(Value::Text(field), Sort::Text);
        self.mark(')').then(|| Expression::Call("date_part".to_owned(), vec![field, subject]))
    }

    /// `TRIM(BOTH FROM x)`, as from PostgreSQL 14 on.
    fn trim(&mut self) -> Option<Expression> {
        self.at += 1;
        let name = ["both", "leading", "trailing"].iter().position(|word| self.word(word));
        let name = ["btrim", "ltrim", "rtrim"][name.unwrap_or(0)];
        if !self.word("from") {
            return None;
        }
        let subject = self.or()?;
        self.mark(')').then(|| Expression::Call(name.to_owned(), vec![subject]))
    }

    /// `SUBSTRING(x FROM 1 FOR 2)`, as from PostgreSQL 14 on.
    fn substring(&mut self) -> Option<Expression> {
        self.at += 1;
        let mut arguments = vec![self.or()?];
        for word in [["from", ","], ["for", ","]] {
            if self.word(word[0]) || self.mark(',') {
                arguments.push(self.or()?);
            }
        }
        self.mark(')').then(|| Expression::Call("substr".to_owned(), arguments))
    }
}

fn comparison(operator: &str) -> Option<Comparison> {
    Some(match operator {
        "=" => Comparison::Equal,
        "<>" | "!=" => Comparison::Unequal,
        "<" => Comparison::Less,
        "<=" => Comparison::LessEqual,
        ">" => Comparison::Greater,
        ">=" => Comparison::GreaterEqual,
        _ => return None,
    })
}

/// A comparison; constants without a type take that of the other side, and a
/// sum of conditions becomes the count of those that hold.
fn compare(comparison: Comparison, left: Expression, right: Expression) -> Expression {
    let left = constant::count(left);
    let right = constant::count(right);
    Expression::Compare(comparison, Box::new(left), Box::new(right))
}

/// The elements of an array that is written out.
fn elements(array: Expression) -> Option<Vec<Expression>> {
    match array {
        Expression::Array(elements) => Some(elements),
        Expression::Cast(inner, Sort::Array(sort)) => Some(
            elements(*inner)?
                .into_iter()
                .map(|element| constant::cast(element, (*sort).clone()))
                .collect(),
        ),
        Expression::Constant(Value::Array(values), Sort::Array(sort)) => Some(
            values
                .into_iter()
                .map(|value| {
                    value.map_or(Expression::Null, |value| {
                        Expression::Constant(value, (*sort).clone())
                    })
                })
                .collect(),
        ),
        _ => None,
    }
}

fn infix(operator: &str, left: Expression, right: Expression) -> Option<Expression> {
    let (matching, insensitive, negated) = match operator {
        "~" => (Matching::Regex, false, false),
        "~*" => (Matching::Regex, true, false),
        "!~" => (Matching::Regex, false, true),
        "!~*" => (Matching::Regex, true, true),
        "~~" => (Matching::Like, false, false),
        "~~*" => (Matching::Like, true, false),
        "!~~" => (Matching::Like, false, true),
        "!~~*" => (Matching::Like, true, true),
        "<@" => {
            return Some(match elements(right.clone()) {
                Some(elements) => Expression::Contained(Box::new(left), elements),
                None => Expression::Call("operator <@".to_owned(), vec![left, right]),
            });
        }
        other => return Some(Expression::Call(format!("operator {other}"), vec![left, right])),
    };
    let (pattern, matching) = match right {
        Expression::Constant(Value::Text(pattern), _) => (pattern, matching),
        Expression::Call(name, mut arguments)
            if matches!(name.as_str(), "similar_to_escape" | "similar_escape")
                && matches!(arguments.get(1), None | Some(Expression::Null)) =>
        {
            match arguments.swap_remove(0) {
                Expression::Constant(Value::Text(pattern), _) => (pattern, Matching::Similar),
                _ => return None,
            }
        }
        other => return Some(Expression::Call(format!("operator {operator}"), vec![left, other])),
    };
    let found = Expression::Match(Box::new(left), pattern, matching, insensitive);
    Some(if negated { Expression::Not(Box::new(found)) } else { found })
}

/// A call of a function of the catalogue, under one name for each meaning.
fn call(name: String, mut arguments: Vec<Expression>) -> Option<Expression> {
    let is_null = |argument: Expression| Expression::IsNull(Box::new(argument));
    Some(match (name.as_str(), arguments.len()) {
        ("now" | "transaction_timestamp" | "statement_timestamp" | "clock_timestamp", 0) => {
            Expression::Now(Sort::Timestamptz)
        }
        ("num_nulls", _) => Expression::Count(arguments.into_iter().map(is_null).collect()),
        ("num_nonnulls", _) => Expression::Count(
            arguments
                .into_iter()
                .map(|argument| Expression::Not(Box::new(is_null(argument))))
                .collect(),
        ),
        ("char_length" | "character_length", 1) => Expression::Call("length".to_owned(), arguments),
        ("ascii", 1) => return None,
        ("substring", _) => Expression::Call("substr".to_owned(), arguments),
        ("date_part" | "extract", 2) => {
            if !matches!(arguments[0], Expression::Constant(Value::Text(_), _)) {
                return None;
            }
            Expression::Call("date_part".to_owned(), arguments)
        }
        ("regexp_like", 2) => {
            let pattern = arguments.pop()?;
            infix("~", arguments.pop()?, pattern)?
        }
        _ => Expression::Call(name, arguments),
    })
}
