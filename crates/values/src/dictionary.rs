//! The word lists and formats of a locale, version 1: plain facts, frozen as
//! files in `data/v1`, whose order is part of the version. Read once, when
//! first used.

use std::sync::OnceLock;

use crate::ascii::write_ascii;
use crate::locale::Locale;

macro_rules! lists {
    ($($(#[$doc:meta])+ $variant:ident = $file:literal;)+) => {
        /// A list of words; every locale has each of them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum List {
            $($(#[$doc])+ $variant,)+
        }

        impl List {
            /// Every list.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The file's name without its ending.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $file,)+ }
            }
        }

        macro_rules! texts {
            ($locale:literal) => {
                &[$(include_str!(concat!("../data/v1/", $locale, "/", $file, ".txt")),)+]
            };
        }
    };
}

lists! {
    /// Given names of women.
    GivenFemale = "given_female";
    /// Given names of men.
    GivenMale = "given_male";
    /// Family names.
    Family = "family";
    /// Cities and towns.
    City = "city";
    /// States, provinces, departments, prefectures.
    Region = "region";
    /// Streets with their type, without a number.
    Street = "street";
    /// Countries in the locale's language.
    Country = "country";
    /// ISO 3166-1 alpha-2 codes, in the order of the countries.
    CountryCode = "country_code";
    /// Words of running text.
    Word = "word";
    /// What follows a company's name; what precedes it in Japanese.
    CompanySuffix = "company_suffix";
    /// Occupations.
    Job = "job";
    /// Departments of a company or a shop.
    Department = "department";
    /// Adjectives of products.
    ProductAdjective = "product_adjective";
    /// Materials of products.
    ProductMaterial = "product_material";
    /// Products.
    ProductNoun = "product_noun";
    /// Colours.
    Color = "color";
}

/// How parts are put together in a country.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// `{given} {family}`
    FullName,
    /// A pattern of house numbers.
    Number,
    /// `{number} {street}`
    StreetLine,
    /// `{street_line}, {city}, {postcode}`
    AddressLine,
    /// A pattern: `#` digit, `%` digit from 1, `?` capital letter.
    Postcode,
    /// `{product_adjective} {product_material} {product_noun}`
    Product,
    /// A pattern beginning with `+` and the country's code.
    PhoneMobile,
    /// A pattern beginning with `+` and the country's code.
    PhoneLandline,
    /// What is dialled instead of the country's code within it; or `none`.
    Trunk,
    /// `DE: ##################`: country and account pattern; or `none`.
    Iban,
    /// ISO 4217.
    Currency,
    /// ISO 3166-1 alpha-2.
    CountryCode,
    /// BCP 47.
    Language,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 13] = [
        Self::FullName,
        Self::Number,
        Self::StreetLine,
        Self::AddressLine,
        Self::Postcode,
        Self::Product,
        Self::PhoneMobile,
        Self::PhoneLandline,
        Self::Trunk,
        Self::Iban,
        Self::Currency,
        Self::CountryCode,
        Self::Language,
    ];

    /// The key in `formats.txt`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::FullName => "full_name",
            Self::Number => "number",
            Self::StreetLine => "street_line",
            Self::AddressLine => "address_line",
            Self::Postcode => "postcode",
            Self::Product => "product",
            Self::PhoneMobile => "phone_mobile",
            Self::PhoneLandline => "phone_landline",
            Self::Trunk => "trunk",
            Self::Iban => "iban",
            Self::Currency => "currency",
            Self::CountryCode => "country_code",
            Self::Language => "language",
        }
    }
}

/// The words and formats of one locale.
#[derive(Debug)]
pub struct Dictionary {
    lists: Vec<Vec<&'static str>>,
    /// [`List::GivenFemale`], [`List::GivenMale`], [`List::Family`] and
    /// [`List::Word`] in ASCII, entry by entry.
    ascii: [Vec<Box<str>>; 4],
    formats: Vec<Vec<&'static str>>,
    /// The locale's own country among the countries.
    home: usize,
}

/// Frozen files of one locale.
struct Source {
    lists: &'static [&'static str],
    formats: &'static str,
    /// Given names of women and of men and family names in Latin letters,
    /// where the language has others.
    latin: Option<[&'static str; 3]>,
}

macro_rules! source {
    ($locale:literal, $latin:expr) => {
        Source {
            lists: texts!($locale),
            formats: include_str!(concat!("../data/v1/", $locale, "/formats.txt")),
            latin: $latin,
        }
    };
}

/// In the order of [`Locale::ALL`].
static SOURCES: [Source; 10] = [
    source!("en_US", None),
    source!("en_GB", None),
    source!("es_ES", None),
    source!("de_DE", None),
    source!("fr_FR", None),
    source!("it_IT", None),
    source!("pt_BR", None),
    source!("nl_NL", None),
    source!("pl_PL", None),
    source!(
        "ja_JP",
        Some([
            include_str!("../data/v1/ja_JP/given_female_latin.txt"),
            include_str!("../data/v1/ja_JP/given_male_latin.txt"),
            include_str!("../data/v1/ja_JP/family_latin.txt"),
        ])
    ),
];

static READ: [OnceLock<Dictionary>; 10] = [const { OnceLock::new() }; 10];

impl Dictionary {
    /// The dictionary of a locale.
    #[must_use]
    pub fn of(locale: Locale) -> &'static Self {
        let index = locale as usize;
        READ[index].get_or_init(|| Self::read(locale, &SOURCES[index]))
    }

    fn read(locale: Locale, source: &Source) -> Self {
        let lists: Vec<Vec<&str>> =
            source.lists.iter().map(|text| text.lines().collect()).collect();
        let spelled = |words: &[&str]| -> Vec<Box<str>> {
            let spell = |word: &&str| {
                let mut out = String::with_capacity(word.len());
                write_ascii(word, locale, &mut out);
                out.into_boxed_str()
            };
            words.iter().map(spell).collect()
        };
        let of = |list: List| spelled(&lists[list as usize]);
        let ascii = match source.latin {
            None => [of(List::GivenFemale), of(List::GivenMale), of(List::Family), of(List::Word)],
            // Words have no accepted spelling in Latin letters; names have.
            Some(names) => {
                let [female, male, family] =
                    names.map(|text| spelled(&text.lines().collect::<Vec<_>>()));
                let words = family.clone();
                [female, male, family, words]
            }
        };
        let formats = Format::ALL.map(|format| formats(source.formats, format.word())).to_vec();
        let codes = &lists[List::CountryCode as usize];
        let home = codes.iter().position(|code| *code == locale.country_code()).unwrap_or(0);
        Self { lists, ascii, formats, home }
    }

    /// Where the locale's own country is in [`List::Country`].
    pub(crate) const fn home(&self) -> usize {
        self.home
    }

    /// The entries of a list, never none.
    #[must_use]
    pub fn list(&self, list: List) -> &[&'static str] {
        &self.lists[list as usize]
    }

    /// The values of a format, never none.
    #[must_use]
    pub fn formats(&self, format: Format) -> &[&'static str] {
        &self.formats[format as usize]
    }

    /// The first value of a format.
    #[must_use]
    pub fn format(&self, format: Format) -> &'static str {
        self.formats(format).first().copied().unwrap_or_default()
    }

    /// The entries in ASCII of one of the four lists that have them; of the
    /// words, for any other.
    pub(crate) fn ascii(&self, list: List) -> &[Box<str>] {
        &self.ascii[match list {
            List::GivenFemale => 0,
            List::GivenMale => 1,
            List::Family => 2,
            _ => 3,
        }]
    }
}

/// The values of `key = value`; a line beginning with `;` is a comment.
fn formats(text: &'static str, key: &str) -> Vec<&'static str> {
    text.lines()
        .filter(|line| !line.starts_with(';'))
        .filter_map(|line| line.split_once('='))
        .filter(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim())
        .collect()
}
